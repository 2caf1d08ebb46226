"""The key that seals the head of each session's audit chain."""

from backend.auth.keys import derive_key, key_id, load_secrets
from backend.db.audit_sealer import Sealer
from backend.settings.schema import Settings


def audit_sealer(settings: Settings) -> Sealer:
    """Raises SettingsError."""
    return Sealer({key_id(secret): derive_key(secret, "audit head") for secret in load_secrets(settings)})
