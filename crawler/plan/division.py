"""How a plan is divided into parts of even size: whole families, by the search calls they will need. Pure."""

from collections.abc import Mapping

NEW_PER_CALL = 12  # of 100 results: half are copies, 60 % of the rest are large, 40 % of these garments


def expected_calls(most: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How many calls each family is expected to make when all together need `wanted` calls.

    Families take turns, so each makes as many calls as the others until it has no more.

    Args:
        most: the calls that each family can make, by its name.
        wanted: calls.
    """
    left, turns = wanted, 0
    for place, calls in enumerate(sorted(most.values())):
        families = len(most) - place
        if (calls - turns) * families > left:
            turns += -(-left // families)
            break
        left -= (calls - turns) * families
        turns = calls
    return {name: max(1, min(calls, turns)) for name, calls in most.items()}


def families_of(part: str, calls: Mapping[str, int]) -> list[str]:
    """The families of a part such as `2/8`; every machine gives the same answer.

    The largest family that is left goes to the part with the fewest calls; of equals, the first to the first.

    Args:
        part: its number and how many there are.
        calls: what each family is expected to make, by its name, in the order of the plan.
    """
    number, of = map(int, part.split("/"))
    loads = [0] * of
    own = set()
    for name in sorted(calls, key=lambda name: -calls[name]):
        least = loads.index(min(loads))
        loads[least] += calls[name]
        if least == number - 1:
            own.add(name)
    return [name for name in calls if name in own]
