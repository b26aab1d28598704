"""The pages' furniture: the only package that imports Streamlit."""
