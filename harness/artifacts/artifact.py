"""The base classes of artifacts, the files that stages write for other stages.

Each file begins to tell what it is by `format`, its name and version. A file of another version, or one that was
damaged, is refused with the command that makes it anew.
"""

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import DataError
from harness.privacy import even
from harness.system import files

KEY = "format"  # names the field that says which format a file has


class Part(BaseModel):
    """A part of an artifact: frozen, and without fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def plain(self) -> dict[str, Any]:
        """The fields as JSON values, without those that are None."""
        return self.model_dump(mode="json", exclude_none=True)


class Artifact(Part):
    """A file that one stage writes and others read; `FORMAT` is its name and version, such as "runs 2"."""

    FORMAT: ClassVar[str]
    format: str

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """One of the present version. Raises ValidationError where a field does not fit, which is a programmer's."""
        return cls.model_validate_json(files.canonical_json({**fields, KEY: cls.FORMAT}))

    @classmethod
    def read(cls, path: Path, made_by: str) -> Self:
        """The file that the command `made_by` writes at `path`.

        Raises MissingInputError where there is none, DataError where it is of another version or damaged.
        """
        content = read_described(path, cls.FORMAT, made_by)
        try:
            return cls.model_validate_json(files.canonical_json(content))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise DataError(f"{path} is damaged: {place}: {first['msg']}.", remedy=_anew(made_by)) from None

    def write(self, path: Path, *, hidden: bool = False) -> None:
        """In whole blocks where its size would tell something that is `hidden`."""
        even.write_json(path, self.plain(), hidden)


def described(form: str, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a file that no type describes, with its format."""
    return {KEY: form, **content}


def read_described(path: Path, form: str, made_by: str) -> dict[str, Any]:
    """Such a file. Raises MissingInputError where there is none, DataError where it is of another version."""
    content = files.read_object(path, made_by=made_by)
    if (found := content.get(KEY)) != form:
        what = "an older version of the harness wrote it" if found is None else f"its format is {found!r}"
        raise DataError(f"{path} cannot be read: {what}. This version reads {form!r} only.", remedy=_anew(made_by))
    return content


def _anew(made_by: str) -> str:
    return f"Run `{made_by}` to write it again, or `dvc repro` to write everything again."
