"""What the notebooks rest on is named, and a name leads to a page that stays. No link is fetched."""

import re
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from lectures import LECTURES, Lecture

from docs.prose import prose

HOSTS = {
    "arxiv.org",
    "doi.org",
    "jmlr.org",
    "proceedings.mlr.press",
    "cs231n.github.io",
    "www.cs.toronto.edu",
    "karpathy.github.io",
    "github.com",
    "gist.github.com",
    "docs.pytorch.org",
    "docs.h5py.org",
}
"""Where papers, lectures and manuals lie whose addresses do not change."""
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]*)\)")
LINE = re.compile(r"\*(Sources?): (.*)\.\*")
OWED = {
    "svm": {
        "1. How wrong is one row of scores?": "https://cs231n.github.io/linear-classify/",
        "First everywhere, then close by": "Bergstra and Bengio (2012)",
    },
    "softmax": {
        "Never quite sure": "Szegedy et al. (2015)",
        "5. All slopes at once": "Vaswani et al., 2017",
        "A ball, not a walker": "Sutskever et al. (2013)",
        "A rate for every parameter": "Tieleman and Hinton (2012)",
        "Both together": "Kingma and Ba (2014)",
        "A decay that nothing divides": "Loshchilov and Hutter (2017)",
        "A rate with a plan": "Loshchilov and Hutter (2016)",
        "Curvature from memory": "Liu and Nocedal (1989)",
        "One model from many": "Izmailov et al. (2018)",
        "14. The same in torch, and in half the bits": "Micikevicius et al. (2017)",
    },
    "backprop": {
        "1. One gate at a time": "https://cs231n.github.io/optimization-2/",
        "The number itself": "Karpathy",
        "10. Batch normalisation": "Ioffe and Szegedy (2015)",
        "Without a batch: layer normalisation": "Ba, Kiros and Hinton (2016)",
        "11. Dropout": "Srivastava et al. (2014)",
        "Weights of the right size": "Glorot and Bengio (2010)",
        "15. How curved is the loss?": "Pearlmutter (1994)",
    },
    "cnn": {
        "1. A filter on every place": "LeCun et al. (1998)",
        "3. How many places?": "Krizhevsky, Sutskever and Hinton (2012)",
        "4. What a network costs": "Simonyan and Zisserman (2014)",
        "9. Holes in the filter, and the way back up": "Yu and Koltun (2015)",
        "The transpose as a layer": "Odena, Dumoulin and Olah (2016)",
        "11. Seven instead of eight": "Strassen",
        "12. Sixteen instead of thirty-six": "Lavin and Gray (2015)",
        "15. Learn what to add": "He et al. (2015)",
        "In groups": "Wu and He (2018)",
        "20. Narrow in the middle": "Xie et al. (2016)",
        "21. Keep everything": "Huang et al. (2016)",
        "22. Four looks at once": "Szegedy et al. (2014)",
    },
    "lstm": {
        "2. The same weights, again and again": "Werbos (1990)",
        "6. Four gates": "Hochreiter and Schmidhuber (1997)",
        "8. Two gates do": "Cho et al. (2014)",
        "Born remembering": "Gers, Schmidhuber and Cummins (2000)",
        "11. Too long a step": "Pascanu, Mikolov and Bengio (2012)",
        "13. Both ways": "Schuster and Paliwal (1997)",
        "Learning to write": "Karpathy",
        "20. From sequence to sequence": "Sutskever, Vinyals and Le (2014)",
    },
}
"""Ideas that somebody else had first, by the heading under which they are taught."""


@pytest.fixture(params=LECTURES)
def lecture(request) -> Lecture:
    return LECTURES[request.param]


def told(lecture: Lecture) -> list[str]:
    """The text, without what stands in blocks of code."""
    cells = [cell.source for cell in lecture.text.cells if cell.kind in ("markdown", "manual")]
    return [re.sub(r"```.*?```", "", source, flags=re.S) for source in cells]


def links(lecture: Lecture) -> list[tuple[str, str]]:
    """Every link of a notebook: its text and its address."""
    return [one for source in told(lecture) for one in LINK.findall(source)]


def section(lecture: Lecture, heading: str) -> str:
    """What stands below a heading, up to the next one of any depth."""
    whole = "\n\n".join(told(lecture))
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", whole, re.M | re.S)
    assert found is not None, heading
    return found[1]


def test_every_link_is_a_whole_address_of_a_host_that_we_know(lecture):
    assert len(links(lecture)) >= 10
    for name, address in links(lecture):
        parts = urlsplit(address)
        assert (parts.scheme, parts.query, parts.fragment, parts.port) == ("https", "", "", None)
        assert parts.hostname in HOSTS, (name, address)
        assert parts.netloc == parts.hostname, "no user and no password"
        assert re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", parts.path), address
        assert not re.search(r"https?:|www\.", name), "a name, not the address again"


def test_no_address_stands_bare_in_the_text(lecture):
    for source in told(lecture):
        assert not re.search(r"https?:|www\.|\bdoi:|arXiv:", LINK.sub("", source)), source[:60]


def test_an_address_is_that_of_the_paper_it_names(lecture):
    """An arXiv number tells the year, an address at JMLR or PMLR the author as well."""
    for name, address in links(lecture):
        parts, year = urlsplit(address), re.search(r"\b(?:19|20)\d\d\b", name)
        if parts.hostname == "arxiv.org":
            number = re.fullmatch(r"/abs/(\d\d)(\d\d)\.(\d{4,5})", parts.path)
            assert number is not None, address
            assert 1 <= int(number[2]) <= 12
            assert (number[1] >= "15") == (len(number[3]) == 5), "five digits since 2015"
            assert year is None or year[0] == f"20{number[1]}", (name, address)
        if parts.hostname in ("jmlr.org", "proceedings.mlr.press"):
            place = r"(?:/papers)?/v\d+/([a-z]+)(\d\d)[a-z]?\.html"
            author = re.fullmatch(place, parts.path)
            assert author is not None, address
            assert name.lower().startswith(author[1]), (name, address)
            assert year is not None
            assert year[0] == f"20{author[2]}", (name, address)
        if parts.hostname == "doi.org":
            assert re.fullmatch(r"/10\.\d{4,5}/\S+", parts.path), address
        if parts.hostname == "cs231n.github.io":
            assert name.startswith("CS231n notes, ")


def test_one_name_is_one_paper_within_a_notebook(lecture):
    places = dict(links(lecture))
    assert set(places.items()) == set(links(lecture))


def test_an_idea_names_its_sources_before_there_is_something_to_see(lecture):
    lines = 0
    for source in told(lecture):
        for line, following in pairwise([*source.split("\n\n"), ""]):
            if "*Source" in line:
                lines += 1
                whole = LINE.fullmatch(line)
                assert whole is not None, line
                sign, names = whole.groups()
                found = LINK.findall(names)
                assert names == "; ".join(f"[{name}]({address})" for name, address in found)
                assert sign == ("Source" if len(found) == 1 else "Sources")
                assert following.startswith("**See.**"), line
    assert lines >= 8


@pytest.mark.parametrize(
    ("name", "heading", "owed"),
    [(name, heading, owed) for name, some in OWED.items() for heading, owed in some.items()],
)
def test_who_had_the_idea_is_named_where_it_is_taught(name, heading, owed):
    found = LINK.findall(section(LECTURES[name], heading))
    assert any(owed == address or said.startswith(owed) for said, address in found), found


def test_lines_that_only_name_a_source_are_not_read_by_the_character_models():
    text = prose()
    assert "Source" not in text
    assert "https" not in text
    assert "This is the GRU of Cho et al. (2014)." in " ".join(text.split())
