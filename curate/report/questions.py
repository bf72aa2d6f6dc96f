"""The datasheet's questions that only a person can answer."""

from collections.abc import Mapping

OPEN = "**For a person to answer:**"
QUESTIONS: Mapping[str, tuple[str, ...]] = {  # that only a person can answer, by section
    "Motivation": (
        "For what purpose was the dataset created?",
        "Who created it, on behalf of whom, and who funded it?",
    ),
    "Composition": (
        "Does the dataset show people who can be recognised, and have they agreed?",
        "Does it hold anything confidential, offensive or protected by law?",
        "Of what larger set is it a sample, and for whom is it representative?",
    ),
    "Collection process": (
        "Were those who made or are shown in the images told of the collection, and could they refuse?",
        "Was there an ethical review?",
    ),
    "Preprocessing, cleaning, labelling": (
        "Who looked at the contact sheets, when, and did they agree with what was dropped?",
    ),
    "Uses": (
        "For what has the dataset been used, and where are the results?",
        "For what must it not be used?",
        "What about its composition or collection could harm somebody in later uses?",
    ),
    "Distribution": (
        "Under which licence or terms did the images come, and under which may they be passed on?",
        "To whom is the dataset given, how and when?",
    ),
    "Maintenance": (
        "Who maintains it, and how are they reached?",
        "How does somebody have an image taken out, and how do those who hold copies learn of it?",
    ),
}


def asked(section: str) -> str:
    """The open questions of a section, in Markdown."""
    return "".join(f"> {OPEN} {question}\n>\n" for question in QUESTIONS[section]).removesuffix(">\n")
