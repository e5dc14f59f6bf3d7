"""The base classes of artifacts, the files that stages write for other stages.

The field `format` of each file has its name and version. A file of another version, or a damaged one, is refused with
the command that writes it again.
"""

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import DataError
from harness.privacy import even
from harness.system import files

KEY = "format"  # the field with the name and version of a file's format


class Part(BaseModel):
    """A part of an artifact: frozen, and without undeclared fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def plain(self) -> dict[str, Any]:
        """The fields as JSON values, without those that are None."""
        return self.model_dump(mode="json", exclude_none=True)


class Artifact(Part):
    """A file that one stage writes and others read. `FORMAT` is its name and version, such as "runs 2"."""

    FORMAT: ClassVar[str]
    format: str

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """An artifact of the present version. Raises ValidationError if a field does not fit (a programming error)."""
        return cls.model_validate_json(files.canonical_json({**fields, KEY: cls.FORMAT}))

    @classmethod
    def read(cls, path: Path, made_by: str) -> Self:
        """The file that the command `made_by` writes at `path`.

        Raises MissingInputError if there is none, DataError if it has another version or is damaged.
        """
        content = read_described(path, cls.FORMAT, made_by)
        try:
            return cls.model_validate_json(files.canonical_json(content))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise DataError(f"{path} is damaged: {place}: {first['msg']}.", remedy=_anew(made_by)) from None

    def write(self, path: Path, *, hidden: bool = False) -> None:
        """Write the file. If its size would reveal something `hidden`, it is padded to whole blocks."""
        even.write_json(path, self.plain(), hidden)


def described(form: str, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a file that no type describes, with its format."""
    return {KEY: form, **content}


def read_described(path: Path, form: str, made_by: str) -> dict[str, Any]:
    """The content of a file without a type. Raises MissingInputError if missing, DataError for another version."""
    content = files.read_object(path, made_by=made_by)
    if (found := content.get(KEY)) != form:
        what = "an older version of the harness wrote it" if found is None else f"its format is {found!r}"
        raise DataError(f"{path} cannot be read: {what}. This version reads {form!r} only.", remedy=_anew(made_by))
    return content


def _anew(made_by: str) -> str:
    return f"Run `{made_by}` to write it again, or `dvc repro` to write everything again."
