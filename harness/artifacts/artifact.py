"""The base classes of artifacts: the files that one stage of the pipeline writes and later stages read.

Each file has a field `format` with the file's kind and version, such as "runs 2". A damaged file, or a file of another
version, is refused. The error names the command that writes the file again.
"""

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import DataError
from harness.privacy import even
from harness.system import files

KEY = "format"  # the field with the name and version of a file's format


class Part(BaseModel):
    """The base class of artifacts and of the objects inside an artifact. An instance cannot be changed, and an
    undeclared field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def plain(self) -> dict[str, Any]:
        """The fields as JSON values, without the fields that are None."""
        return self.model_dump(mode="json", exclude_none=True)


class Artifact(Part):
    """A file that one stage writes and other stages read. `FORMAT` is the file's kind and version, such as "runs 2"."""

    FORMAT: ClassVar[str]
    format: str

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """Make an artifact of the present version. Raises ValidationError if a field is missing, undeclared or of
        another type, which is a programming error."""
        return cls.model_validate_json(files.canonical_json({**fields, KEY: cls.FORMAT}))

    @classmethod
    def read(cls, path: Path, made_by: str) -> Self:
        """Read the artifact that the command `made_by` writes at `path`.

        Raises MissingInputError if there is no file, DataError if the file has another version or is damaged. The error
        names the command.
        """
        content = read_described(path, cls.FORMAT, made_by)
        try:
            return cls.model_validate_json(files.canonical_json(content))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise DataError(f"{path} is damaged: {place}: {first['msg']}.", remedy=_anew(made_by)) from None

    def write(self, path: Path, *, hidden: bool = False) -> None:
        """Write the artifact as JSON to `path`. If `hidden`, pad the file to whole blocks of 64 KiB, so that the size
        of the file reveals nothing about restricted data."""
        even.write_json(path, self.plain(), hidden)


def described(form: str, content: dict[str, Any]) -> dict[str, Any]:
    """The `content` of a file that has no class of its own, with the field `format` added (`form`, such as "report
    1")."""
    return {KEY: form, **content}


def read_described(path: Path, form: str, made_by: str) -> dict[str, Any]:
    """The content of a file that has no class of its own. `form` is the format that the file must have, and `made_by`
    is the command that writes the file.

    Raises MissingInputError if the file is missing, DataError if the file has another format or is no JSON object.
    """
    content = files.read_object(path, made_by=made_by)
    if (found := content.get(KEY)) != form:
        what = "an older version of the harness wrote it" if found is None else f"its format is {found!r}"
        raise DataError(f"{path} cannot be read: {what}. This version reads {form!r} only.", remedy=_anew(made_by))
    return content


def _anew(made_by: str) -> str:
    return f"Run `{made_by}` to write it again, or `dvc repro` to write everything again."
