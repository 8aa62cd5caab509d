"""How long until the first vector, against the time that the model alone needs to load and answer?"""

from __future__ import annotations

from measure import Contestant, Worker, WorkerError, main, median, ratio_of_rounds, spread
from photos import photos
from results import Report, number

PAIRS = {
    "photo": (Contestant("junco, photo", "start"), Contestant("model alone, photo", "start")),
    "text": (Contestant("junco, text", "start"), Contestant("model alone, text", "start")),
}


def measure(report: Report) -> None:
    """Fresh processes in turns; the first round fills the disk's cache and junco's own."""
    rounds = 1 if report.quick else 5
    inputs = {"photo": str(photos(8)[0]), "text": "A junco is a small bird."}
    rows = []
    for what, contestants in PAIRS.items():
        answers: dict[str, list[dict[str, float]]] = {c.name: [] for c in contestants}
        for number_of_round in range(-1, rounds):
            for contestant in contestants:
                try:
                    with Worker(contestant) as worker:
                        answer = worker.ask(item=inputs[what])
                except WorkerError as error:
                    report.miss(contestant.name, error)
                    continue
                if number_of_round >= 0:
                    answers[contestant.name].append(answer)
        ours, bare = (answers[c.name] for c in contestants)
        rows += [[name, number(median(got)), spread(got)] for name, got in answers.items() if got]
        if ours and bare:
            times = 1 / ratio_of_rounds(ours, bare)
            report.ratio(f"first {what} vector: junco's time ÷ the model alone's", times, at_most=1.3)
    report.table("From the process's start of imports to the first vector", ["", "seconds", "rounds"], rows)


if __name__ == "__main__":
    main("start", "The first vector", measure)
