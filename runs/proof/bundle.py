"""The zip of an evidence bundle: the same files give the same bytes, and one from a stranger is read with caution."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from skills.refusal import Refusal

MOST_FILES = 32
LARGEST = 134_217_728
"""All files of a bundle together may have so many bytes."""
_BEGINNING = (1980, 1, 1, 0, 0, 0)


def sha256_of(content: bytes) -> str:
    return sha256(content).hexdigest()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a zip, in order of name and without a time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            bundle.writestr(entry, files[name])
    return packed.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """Return the files of a zip by name. Raises Refusal for what is no zip, or larger or other than a bundle can be."""
    try:
        with zipfile.ZipFile(path) as bundle:
            entries = bundle.infolist()
            _refuse_strange(path.name, entries)
            return {entry.filename: _content(bundle, entry) for entry in entries}
    except OSError as error:
        raise Refusal("INVALID_INPUT", f"{path.name} cannot be read: {error.strerror or error}", status=422) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise Refusal("INVALID_INPUT", f"{path.name} is no evidence bundle, or is damaged: {error}", status=422) from None


def _content(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with bundle.open(entry) as file:
        # What an entry says of its size is not to be believed.
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Refusal("CONTENT_TOO_LARGE", f"{entry.filename} is larger than a bundle may be")
    return content


def _refuse_strange(name: str, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        raise Refusal("CONTENT_TOO_LARGE", f"{name} holds {len(entries)} files; a bundle has at most {MOST_FILES}")
    if sum(entry.file_size for entry in entries) > LARGEST:
        raise Refusal("CONTENT_TOO_LARGE", f"{name} would unpack to more than {LARGEST:,} bytes")
    for entry in entries:
        if "/" in entry.filename or "\\" in entry.filename or entry.filename in ("", ".", ".."):
            raise Refusal("INVALID_INPUT", f"{name} holds '{entry.filename}', which is no name of a file in a bundle", status=422)
