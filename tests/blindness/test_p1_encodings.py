"""P1: whatever form a canary takes on its way into a log or a database, it is recognised."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from scripts.blindness.encodings import patterns_of


def forms_of(value: bytes) -> dict[str, bytes]:
    return dict(patterns_of(value))


def test_the_forms_of_a_text_by_hand() -> None:
    forms = forms_of(b"Glasspost")
    assert forms["raw"] == b"Glasspost"
    assert forms["hex"] == b"476c617373706f7374"
    assert forms["HEX"] == b"476C617373706F7374"
    assert forms["base64+0"] == b"R2xhc3Nwb3N0"
    assert forms["base64+1"] == b"dsYXNzcG9zd"  # within AEdsYXNzcG9zdA==
    assert forms["base64+2"] == b"HbGFzc3Bvc3"  # within AABHbGFzc3Bvc3Q=
    assert forms["utf-16"] == b"G\0l\0a\0s\0s\0p\0o\0s\0t\0"
    assert forms["utf-32"][:8] == b"G\0\0\0l\0\0\0"


def test_url_safe_base64_differs_where_it_should() -> None:
    forms = forms_of(b"\xfb\xff\xfe" * 5)
    assert forms["base64+0"] == b"+//+" * 5
    assert forms["base64url+0"] == b"-__-" * 5


def test_bytes_that_are_no_text_have_no_wide_forms() -> None:
    assert "utf-16" not in forms_of(b"\xff" * 32)


@given(value=st.binary(min_size=15, max_size=64), before=st.binary(), after=st.binary())
def test_base64_of_any_surroundings_holds_one_of_the_patterns(
    value: bytes, before: bytes, after: bytes
) -> None:
    alignment = len(before) % 3
    forms = forms_of(value)
    stream = before + value + after
    assert forms[f"base64+{alignment}"] in base64.b64encode(stream)
    assert forms[f"base64url+{alignment}"] in base64.urlsafe_b64encode(stream)


@given(value=st.binary(min_size=15, max_size=64))
def test_base64_patterns_leave_out_at_most_one_group_at_each_end(value: bytes) -> None:
    """A shorter pattern would match by chance; each character stands for 6 bits of the value."""
    for form, pattern in patterns_of(value):
        if form.startswith("base64"):
            assert len(pattern) * 6 > len(value) * 8 - 12
