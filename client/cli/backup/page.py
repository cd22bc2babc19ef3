"""The page to print: one HTML file with everything in it, and nothing to be loaded.

It opens the backup, so it is written with mode 0600 and belongs on paper, not in a folder
that is synchronised. Where the backup lies stands on it too: digits that nobody can find
the lock for are of no use in ten years.
"""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from client.errors import LocalError
from client.profile.files import write_atomically
from client.text import clean_line
from protocol.archive.digits import RecoveryDigits

_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Glasspost backup of $name</title>
<style>
  body { font: 12pt/1.5 serif; max-width: 40em; margin: 2em auto; padding: 0 1em; color: #000;
         background: #fff; }
  h1 { font-size: 1.4em; } ol { padding-left: 1.4em; }
  table { font: bold 1.5em/1.6 monospace; border-collapse: collapse; }
  th { font-weight: normal; color: #555; padding-right: 1em; }
  td { letter-spacing: .08em; } code { font: .95em monospace; overflow-wrap: anywhere; }
  .side { display: flex; gap: 3em; align-items: center; flex-wrap: wrap; }
</style>
<h1>Glasspost: what opens the backup of $name</h1>
<p>Made on $day (UTC). Whoever has these digits and the backup can read all of it. Keep this page
like a passport, and not beside the device. Print it, then delete the file.</p>
<div class="side">
<table>
$rows
</table>
$qr
</div>
<p>The last digit of each row is a check digit, so a misread row is named when it is typed.</p>
<h2>Where the backup lies</h2>
<p><code>$target</code></p>
<h2>To get everything back</h2>
<ol>
<li>Install Glasspost on the new device. The address of your relay is <code>$relay</code>.</li>
<li>Type: <code>glasspost --relay $relay --as $name restore --from $target</code></li>
<li>Type the eight rows when you are asked, or scan the code and paste it.</li>
</ol>
<p>If Glasspost is no more: the format is public, and
<code>python scripts/open_backup.py</code> of its source code reads the backup with these digits
and no other part of it.</p>
<p>If somebody else may have seen this page, type <code>glasspost backup slot add digits</code>:
it makes new digits, and these open nothing that is saved afterwards.</p>
</html>
""")


def page_html(
    digits: RecoveryDigits, *, name: str, target: str, relay: str, made_at_ms: int
) -> str:
    """Give the page; what others could have chosen is escaped."""
    rows = (
        f"<tr><th>{number}</th><td>{row[:4]} {row[4:]}</td></tr>"
        for number, row in enumerate(digits.rows(), 1)
    )
    return _PAGE.substitute(
        name=_shown(name),
        target=_shown(target),
        relay=_shown(relay),
        day=datetime.fromtimestamp(made_at_ms / 1000, UTC).strftime("%Y-%m-%d"),
        rows="\n".join(rows),
        qr=_qr_svg(digits),
    )


def write_private(path: Path, text: str, option: str) -> None:
    """Write a secret to a new or old file of mode 0600, whole or not at all.

    Args:
        option: which option named the file.

    Raises:
        LocalError: it cannot be written.
    """
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise LocalError(
            f"The file {clean_line(str(path))} cannot be written.",
            why=f"The system says: {error.strerror}.",
            hint=f"Name another file with {option}. Nothing was set up.",
        ) from error


def _shown(text: str) -> str:
    return escape(clean_line(text))


def _qr_svg(digits: RecoveryDigits) -> str:
    import segno  # slow to load, and seldom needed

    drawn: str = segno.make("".join(digits.rows()), micro=False).svg_inline(scale=5)
    return drawn
