"""Office files are ZIP archives: refuses broken ones and those that would swell when unpacked."""

from __future__ import annotations

import io
from zipfile import BadZipFile, ZipFile

from kb_service.errors import ForeignFileError

LARGEST = 200 * 2**20  # bytes unpacked


def check_zip(file: str, data: bytes, part: str) -> None:
    """Raises ForeignFileError unless the archive has `part` and unpacks to a reasonable size."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            size = sum(item.file_size for item in archive.infolist())
            names = archive.namelist()
    except BadZipFile as error:
        raise ForeignFileError(f"{file}：文件损坏或没有下载完整；请重新获取，或用 Office 打开后另存一次") from error
    if size > LARGEST:
        raise ForeignFileError(
            f"{file}：解压后有 {size >> 20} MB，超过 {LARGEST >> 20} MB；请删掉图片和空白区域后另存一次"
        )
    if part not in names:
        raise ForeignFileError(f"{file}：里面没有 {part}，与扩展名不符；请用 Office 打开后另存成正确的格式")
