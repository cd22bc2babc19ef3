"""What was odd about the sources of a backup's newest head, and stopped nobody."""

from client.backup.reading.archive import Noticed
from client.cli.output import Output
from client.text import clean_line, join_words


def tell_noticed(noticed: Noticed, output: Output) -> None:
    """Say it on standard error, with the sources' names."""
    told = (
        ("have an older head, and are told the next time", noticed.behind),
        ("have a head that this backup's key did not sign", noticed.refused),
        ("could not be asked whether this is the newest backup", tuple(noticed.silent)),
    )
    for what, names in told:
        if names:
            shown = join_words([clean_line(name) for name in names])
            output.note(f"{shown}: {what}.", {"noticed": what, "sources": [*names]})
    if noticed.alarm is not None:
        output.note(noticed.alarm.reason, {"noticed": noticed.alarm.reason, "sources": []})
