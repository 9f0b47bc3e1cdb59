"""The command that watches the promoted models: how far persons and scores have moved, how scores did by month."""

from dataclasses import asdict

from features.home import Home
from training.options import JsonOption
from training.terminal import console, print_table, steps, write_json

MOST_SHOWN = 10


def monitor(json_file: JsonOption = None) -> None:
    """Look at the promoted relapse models on the persons of today; the page of the models shows what was found."""
    from models import watch
    from training.monitor import monitor as look

    home = Home.settled()
    with steps() as tell:
        found = look(home, tell)
    for each in found:
        watch.write(home.watched, each)
        console.print(f"{each.name}: {each.persons_then} persons on {each.then}, {each.persons_now} on {each.now}")
        rows = [[shift.name, f"{shift.index:.3f}"] for shift in (each.score, *each.features[:MOST_SHOWN])]
        print_table(["moved most", f"stability index (by chance {each.by_chance:.3f})"], rows)
    write_json(json_file, {each.name: asdict(each) for each in found})
