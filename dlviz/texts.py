"""The kinds of fields that hold what people type: a line, or several."""

from dataclasses import dataclass
from typing import Any
from unicodedata import category

from dlviz.fields import ParameterError, Spec, quote


@dataclass(frozen=True, kw_only=True)
class Text(Spec):
    """A line of text of at most `at_most` printable characters; where it means something, the view's `check` reads it."""

    at_most: int
    placeholder: str = ""

    def check(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise ParameterError(name, value, "text")
        text = value.strip()
        if len(text) > self.at_most:
            raise ParameterError(name, text, f"at most {self.at_most} characters, not {len(text)}")
        if not text.isprintable():
            raise ParameterError(name, text, "one line of printable characters")
        return text

    def say(self, value: Any) -> str:
        """Label and text; a text that the picture writes is not for reading, so only whether there is one."""
        return ("changed in the picture" if value else "as it was built") if self.stage else super().say(value)

    def _shown(self, value: str) -> str:
        return quote(value) if value else "empty"


TURNING = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}  # they make text look like another one


def _readable(character: str) -> bool:
    """Whether it can stand in a text of words: also spaces of any kind, tabs, and what joins or marks other characters."""
    return character == "\t" or (category(character) not in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp") and character not in TURNING)


@dataclass(frozen=True, kw_only=True)
class Lines(Spec):
    """Text of several lines, at most `at_most` printable characters in all; the view's `check` reads it.

    Lines keep their numbers, so that advice can point at them: only what stands at the ends of lines, and after the last,
    is dropped. Tabs become spaces. `prose`: words rather than code, in any language: every space counts, for a model reads them
    too, joined emoji and the marks of other scripts are part of it, and long lines are broken on the page. `filled`: never blank.
    """

    at_most: int
    prose: bool = False
    filled: bool = False
    placeholder: str = ""

    def check(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise ParameterError(name, value, "text")
        if len(value) > 2 * self.at_most:  # not worth being put in order
            raise ParameterError(name, value, f"at most {self.at_most} characters, not {len(value)}")
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        if not self.prose:
            text = "\n".join(row.rstrip() for row in text.expandtabs(4).split("\n")).rstrip("\n")
        if len(text) > self.at_most:
            raise ParameterError(name, text, f"at most {self.at_most} characters, not {len(text)}")
        for number, line in enumerate(text.split("\n"), start=1):
            if not (line.isprintable() or (self.prose and all(map(_readable, line)))):
                raise ParameterError(name, line, f"printable characters, also in line {number}")
        if self.filled and not text.strip():
            raise ParameterError(name, text, "a word at least")
        return text

    def brief(self, value: Any) -> str:
        return self._shown(value)

    def _shown(self, value: str) -> str:
        return quote(" ".join(value.split())) if value else "empty"
