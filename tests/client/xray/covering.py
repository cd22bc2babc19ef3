"""What holds of every layer of an X-ray."""

from client.xray.spans import Layer


def assert_covered(layer: Layer) -> None:
    """Each byte lies in one named span, in order."""
    offset = 0
    for span in layer.spans:
        assert span.offset == offset
        assert span.size > 0
        assert span.name
        offset += span.size
    assert offset == len(layer.data)


def meanings(layer: Layer) -> dict[str, str]:
    """Give what each span says, by its name."""
    return {span.name: span.meaning for span in layer.spans}
