"""Images: loads them from files into the session, packed, so that the files are not needed afterwards."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError


def load(path: str, name: str) -> Any:
    """Return the image file `path` as a packed image. Raises AppError if Blender cannot read it as one."""
    try:
        image = bpy.data.images.load(path, check_existing=False)
    except RuntimeError as error:
        raise AppError("command_failed", f"Blender cannot read the image {name!r}") from error
    if image.size[0] == 0 or image.size[1] == 0:
        bpy.data.images.remove(image)
        raise AppError("unsupported_format", f"The file {name!r} is not an image that Blender can read")
    image.pack()
    image.name = name
    image.filepath = ""
    return image


def unplug(tree: Any, socket: Any) -> None:
    """Remove the nodes that only fed `socket`, and the images that only they showed."""
    pending = [link.from_node.name for link in socket.links]
    for link in list(socket.links):
        tree.links.remove(link)
    while pending:
        # Use names: two links may lead to one node, and a reference to a removed node is invalid.
        node = tree.nodes.get(pending.pop())
        if node is None or any(output.links for output in node.outputs):
            continue
        pending.extend(link.from_node.name for plug in node.inputs for link in plug.links)
        image = getattr(node, "image", None)
        tree.nodes.remove(node)
        if image is not None and image.users == int(image.use_fake_user):
            bpy.data.images.remove(image)
