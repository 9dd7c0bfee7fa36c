"""What other folders may use of how staff are recognised."""

from tenant_app.auth.service import AUDIENCE, ISSUER
from tenant_app.auth.standing import Standing, standings

__all__ = ["AUDIENCE", "ISSUER", "Standing", "standings"]
