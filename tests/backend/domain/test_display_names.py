"""Names that pass for what they are, and names that would pass for somebody else's."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.display_names import MAX_LENGTH, check_name, clean_name, name_from_email, reads_like_platform


class TestName:
    @pytest.mark.parametrize(
        "name",
        [
            "Dana",
            "Zoë O'Neil-Smith",
            "Al",
            "Søren Ångström",
            "Дана",
            "דנה",
            "محمد علي",
            "王小明",
            "김유",
            "Nguyễn Thị Ánh",
            "X Æ A-12",
            "Agentina",
            "Botticelli",
            "Systemov",
            "J. R. R.",
            "dana@example.org",
        ],
    )
    def test_of_a_person_is_kept(self, name: str) -> None:
        assert check_name(name) == unicodedata.normalize("NFC", name)

    def test_is_kept_on_one_line_with_single_blanks(self) -> None:
        assert check_name("  Dana \u00a0\u2003 D. ") == "Dana D."

    @pytest.mark.parametrize(
        "name",
        [
            "Assent agent",
            "assent",
            "ASSENT  AGENT",
            "Assent-Bot",
            "the Assent team",
            "Аѕѕеnt аgеnt",  # Cyrillic
            "Αssεnt agεnt",  # Greek
            "Ａｓｓｅｎｔ ａｇｅｎｔ",  # full width
            "𝐀𝐬𝐬𝐞𝐧𝐭 agent",  # mathematical
            "4ssent ag3nt",
            "A.s.s.e.n.t",
            "Ässënt",
            "Agent",
            "agent!",
            "Аgent",
            "The System",
            "SYSTEM",
            "Systern",
            "Admin",
            "Administrator",
            "Nobody",
            "You",
            "ΑΙ Assistant",
            "𝓫𝓸𝓽",
            "ΑSSΕΝΤ AGΕΝΤ",  # Greek capitals
            "ᴀssᴇɴᴛ ᴀɢᴇɴᴛ",  # small capitals
            "Ⱥssent",  # a stroke
            "🅰🆂🆂🅴🅽🆃 1",  # in squares
            "🅐🅢🅢🅔🅝🅣 1",  # in circles
            "ʌssent",
            "🇦🇸🇸🇪🇳🇹 x",  # as flags are written
            "ꓮꓢꓢꓰꓠꓔ",  # Lisu
            "Ꭺꮪꮪent",  # Cherokee
            "Ɐgent",
            "Ყou",  # Georgian
        ],
    )
    def test_that_reads_like_the_agent_or_the_platform_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="agent or of the platform"):
            check_name(name)

    @pytest.mark.parametrize(
        "hidden",
        list(
            "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
            "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\x00\x07\x1b\x7f\x85\u2028\u2029"
            "\u3164\u115f\u2800\ufe0f\ud800\ue000\U000e0041\U000e0100"
        ),
        ids=lambda hidden: f"U+{ord(hidden):04X}",
    )
    def test_with_an_invisible_character_is_refused(self, hidden: str) -> None:
        with pytest.raises(ValueError, match="invisible"):
            check_name(f"Da{hidden}na")

    @pytest.mark.parametrize("name", ["", "   ", "\u00a0", "...", "🙂", "-", "'"])
    def test_of_no_letter_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="letter"):
            check_name(name)

    def test_that_is_too_long_or_paints_over_its_neighbours_is_refused(self) -> None:
        assert check_name("x" * MAX_LENGTH)
        with pytest.raises(ValueError, match="at most"):
            check_name("x" * (MAX_LENGTH + 1))
        with pytest.raises(ValueError, match="marks"):
            check_name("D" + "\u0301" * 9 + "ana")

    @given(st.text(max_size=120))
    def test_that_is_taken_is_taken_again_as_it_is(self, text: str) -> None:
        try:
            name = check_name(text)
        except ValueError:
            return
        assert check_name(name) == name and not reads_like_platform(name)
        assert all(unicodedata.category(character)[0] != "C" for character in name)


class TestNameOfWhoGivesNone:
    def test_is_the_first_part_of_the_address_or_all_of_it(self) -> None:
        assert name_from_email("dana@example.org") == "dana"
        assert name_from_email("assent-agent@example.org") == "assent-agent@example.org"


class TestNameOfAProvider:
    def test_is_made_fit_to_be_shown(self) -> None:
        assert clean_name("Da\u202ena\u200b  D.\n", "U1") == "Da na D."
        assert clean_name("\u200b\u202e ", "U1") == "U1"
        assert len(clean_name("x" * 500, "U1")) == MAX_LENGTH

    @given(st.text(max_size=120))
    def test_never_holds_what_cannot_be_seen(self, text: str) -> None:
        assert all(unicodedata.category(character)[0] != "C" for character in clean_name(text, "U1"))
