"""A reply tag is valid for one subject and one address, however a mail program passes it on."""

from hypothesis import assume, given
from hypothesis import strategies as st

from channels.email.reply_tags import ReplyTags, message_id, reply_to

REQUEST = "req_01kabcdefghjkmnpqrstvwxyz0"
DANA = "dana@example.org"
TAGS = ReplyTags(b"k" * 32)
TAG = TAGS.make(REQUEST, DANA)


class TestTag:
    def test_comes_back_in_a_reply_s_headers(self) -> None:
        sent = message_id(TAG, "assent.example")
        assert sent == f"<{REQUEST}.{TAG.rpartition('.')[2]}@assent.example>"
        assert TAGS.read(f"<ses_1@assent.example>\r\n\t{sent} <CAF+x@mail.gmail.com>", DANA) == REQUEST

    def test_comes_back_with_a_mark(self) -> None:
        assert TAGS.read(message_id(TAG, "assent.example", "closed"), DANA) == REQUEST

    def test_brings_back_the_version_that_the_nearest_mail_showed(self) -> None:
        newest, oldest = message_id(TAG, "assent.example", "re", 12), message_id(TAG, "assent.example", version=1)
        assert newest.endswith(".re.v12@assent.example>") and TAGS.read(newest, DANA) == REQUEST
        assert TAGS.version(REQUEST, f"{newest} {oldest}", DANA) == 12
        assert TAGS.version(REQUEST, f"<CA+x@mail.gmail.com> {oldest.upper()}", DANA) == 1

    def test_brings_back_no_version_that_is_not_said_for_it(self) -> None:
        other = message_id(TAGS.make("req_other", DANA), "assent.example", version=3)
        stolen = message_id(TAGS.make(REQUEST, "eve@example.org"), "assent.example", version=3)
        bare = message_id(TAG, "assent.example")
        for text in (other, stolen, bare, f"<{TAG}.v@assent.example>", f"<{TAG}.v2x@assent.example>"):
            assert TAGS.version(REQUEST, text, DANA) is None

    def test_comes_back_in_an_address(self) -> None:
        address = reply_to(TAG, "agent@example.org")
        assert address is not None and len(address.partition("@")[0]) <= 64
        assert TAGS.read(f"To: Assent <{address.upper()}>", "Dana@Example.org ") == REQUEST

    def test_stays_out_of_an_address_that_would_be_too_long(self) -> None:
        assert reply_to(TAG, "approvals-of-the-agents@example.org") is None

    def test_is_good_for_one_address(self) -> None:
        assert TAGS.read(message_id(TAG, "assent.example"), "eve@example.org") is None

    def test_is_good_with_one_key(self) -> None:
        assert ReplyTags(b"x" * 32).read(message_id(TAG, "assent.example"), DANA) is None

    def test_is_good_for_one_subject(self) -> None:
        assert TAGS.read(message_id(TAG.replace("req_01k", "req_02k"), "assent.example"), DANA) is None

    def test_is_found_beside_one_that_is_not_ours(self) -> None:
        forged, ours = (message_id(tag, "assent.example") for tag in (TAGS.make("req_other", "eve@example.org"), TAG))
        assert TAGS.read(f"{forged} {ours} {forged}", DANA) == REQUEST

    def test_said_first_is_the_one_that_is_answered(self) -> None:
        later = TAGS.make("req_later", DANA)
        assert TAGS.read(f"<CA+x@mail.gmail.com> <{later}.re@assent.example> <{TAG}@assent.example>", DANA) == "req_later"

    def test_holds_128_bits_beside_the_identifier(self) -> None:
        assert len(TAG.removeprefix(f"{REQUEST}.")) * 5 >= 128

    @given(st.integers(0, len(TAG) - 1), st.characters(codec="utf-8"))
    def test_with_any_character_changed_is_not_good(self, place: int, other: str) -> None:
        assume(other.lower() != TAG[place])
        assert TAGS.read(f"<{TAG[:place]}{other}{TAG[place + 1 :]}@assent.example>", DANA) != REQUEST

    @given(st.text())
    def test_is_not_found_in_anything_else(self, text: str) -> None:
        assert TAGS.read(text, DANA) is None
