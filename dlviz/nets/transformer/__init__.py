"""Transformers that say what they do: a decoder like Llama's, an encoder like BERT's and a small GPT, with one way to look inside."""
