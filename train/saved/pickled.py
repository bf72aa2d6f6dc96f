"""Checks the bytes of a `torch.save` file before PyTorch unpacks them, so that it loads only tensors."""

import io
import pickletools
import zipfile

LARGEST_PICKLE = 16 << 20  # bytes; the tensors are beside it
NAMED = {"collections OrderedDict", "torch._utils _rebuild_tensor_v2"}
STORAGES = {f"torch {kind}Storage" for kind in ("BFloat16", "Bool", "Double", "Float", "Half", "Int", "Long")}
BY_NAME = {"GLOBAL", "INST"}
BY_STACK = {"STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}  # PyTorch writes none of them


def check_pickled(payload: bytes) -> None:
    """Check that a file of `torch.save` holds nothing compressed, and that its pickle names only tensors.

    Raises:
        ValueError: the file holds something else.
        zipfile.BadZipFile: it is not such a file.
    """
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > len(payload):
                raise ValueError(f"{entry.filename} in it is packed")
        pickles = [entry for entry in archive.infolist() if entry.filename.endswith("data.pkl")]
        if len(pickles) != 1 or pickles[0].file_size > LARGEST_PICKLE:
            raise ValueError("it holds no pickle of the size of a checkpoint's")
        text = archive.read(pickles[0])
    for operation, argument, _ in pickletools.genops(text):
        foreign = operation.name in BY_NAME and argument not in NAMED | STORAGES
        if foreign or operation.name in BY_STACK:
            raise ValueError(f"it names {argument}, which is no part of a checkpoint")
