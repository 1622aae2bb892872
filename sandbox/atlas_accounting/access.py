"""Who is calling, and what they may do: sign-in, bearer tokens, roles, the company asked for.

In: bodies of the `/auth` routes, headers and query parameters. Out: users and sessions; refusals are 401, 403 or 422
(contract sections 2 and 4). What does not belong here: how a token is signed (`tokens.py`), and routes.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from sandbox.atlas_accounting.company import WRITING_ROLES, User
from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError, invalid
from sandbox.atlas_accounting.registry import Record, is_id
from sandbox.atlas_accounting.switches import Switches
from sandbox.atlas_accounting.tokens import ACCESS_SECONDS, Tokens
from sandbox.atlas_accounting.validation import Fields


@dataclass(frozen=True)
class Session:
    """A signed-in user."""

    user_id: str
    user: User

    def require_writing(self) -> None:
        """Refuses roles below bookkeeper (contract section 1).

        Raises:
            AtlasAccountingError: 403.
        """
        if self.user.role not in WRITING_ROLES:
            raise AtlasAccountingError(403, f"The role {self.user.role} may not do this")

    def require_closing(self) -> None:
        """Refuses roles below accountant, who alone close and reopen periods (contract section 1).

        Raises:
            AtlasAccountingError: 403.
        """
        if self.user.role not in WRITING_ROLES - {"bookkeeper"}:
            raise AtlasAccountingError(403, f"The role {self.user.role} may not close or reopen periods")


class Access:
    """Sign-in to one engine's books."""

    def __init__(self, engine: AtlasAccountingEngine, switches: Switches) -> None:
        registry = engine.registry
        self._engine = engine
        self._switches = switches
        self._second_company_id = registry.derived_id("second_company")
        self._organization_id = registry.organization_id()
        self._tokens = Tokens(f"atlas_accounting:{engine.company_id}", registry.now)
        self._users = {registry.derived_id("user", user.email): user for user in engine.settings.users}

    def login(self, body: object) -> dict[str, Any]:
        """Tokens for an e-mail and its password, with the user and the organizations (both dialects' shapes).

        Raises:
            AtlasAccountingError: 422 for missing fields; 401 for a wrong e-mail or password.
        """
        fields = Fields(body)
        email, password = fields.text("email", required=True), fields.text("password", required=True)
        fields.finish()
        for user_id, user in self._users.items():
            same_password = hmac.compare_digest(user.password.encode(), str(password).encode())
            if user.email.casefold() == str(email).casefold() and same_password:
                return {
                    "tokens": {
                        "access_token": self._issue("access", user_id),
                        "refresh_token": self._issue("refresh", user_id),
                        "token_type": "bearer",
                        "expires_in": ACCESS_SECONDS,
                    },
                    "user": self._profile(user_id, user),
                    "organizations": [self._organization()],
                }
        raise AtlasAccountingError(401, "Incorrect email or password")

    def refresh(self, body: object) -> dict[str, Any]:
        """A new access token for a refresh token, which stays the same (contract section 2).

        Raises:
            AtlasAccountingError: 422 for a missing field; 401 for a refresh token that is forged or expired.
        """
        fields = Fields(body)
        token = fields.text("refresh_token", required=True)
        fields.finish()
        claims = self._tokens.read(str(token), "refresh")
        return self._flat(self._session(claims).user_id)

    def switch(self, session: Session, body: object) -> dict[str, Any]:
        """An access token bound to an organization of the user (contract section 2, switch-org).

        Raises:
            AtlasAccountingError: 422 for a missing field; 403 for an organization that is not the user's.
        """
        fields = Fields(body)
        organization_id = fields.text("org_id", required=True)
        fields.finish()
        if organization_id != self._organization_id:
            raise AtlasAccountingError(403, "You are not a member of this organization")
        return self._flat(session.user_id)

    def me(self, session: Session) -> dict[str, Any]:
        """The signed-in user, the organization and its companies (contract section 2)."""
        return {
            **self._profile(session.user_id, session.user),
            "organization": self._organization(),
            "companies": [
                {name: company[name] for name in ("id", "name", "role")} for company in self.companies(session)
            ],
        }

    def companies(self, session: Session) -> list[Record]:
        """The companies the user has a role in."""
        found = [{**self._engine.company, "role": session.user.role}]
        if self._switches.second_company:
            name = f"{self._engine.settings.name} Services"
            found.append({**found[0], "id": self._second_company_id, "name": name, "role": "employee"})
        return found

    def session(self, authorization: str | None) -> Session:
        """The user behind an `Authorization` header.

        Raises:
            AtlasAccountingError: 401 for a header that is missing or no bearer, or a token forged or expired.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise AtlasAccountingError(401, "Not authenticated")
        return self._session(self._tokens.read(token.strip(), "access"))

    def require_company(self, company_id: str | None, *, required: bool) -> None:
        """Checks the company asked for. Without `required` it may be left out, as in the help page's own example,
        by a user who has only one.

        Raises:
            AtlasAccountingError: 422 when it is missing or no id; 403 when it is not the user's.
        """
        if company_id is None:
            if required or self._switches.second_company:
                raise invalid("company_id", "field required")
            return
        if not is_id(company_id):
            raise invalid("company_id", "value is not a valid uuid")
        if company_id.lower() != self._engine.company_id:
            raise AtlasAccountingError(403, "You have no access to this company")

    def _issue(self, kind: Any, user_id: str) -> str:
        return self._tokens.issue(kind, user_id, self._organization_id)

    def _flat(self, user_id: str) -> dict[str, Any]:
        return {
            "access_token": self._issue("access", user_id),
            "token_type": "bearer",
            "expires_in": ACCESS_SECONDS,
        }

    def _session(self, claims: dict[str, Any]) -> Session:
        user = self._users.get(str(claims.get("sub")))
        if user is None:
            raise AtlasAccountingError(401, "Could not validate credentials")
        return Session(str(claims["sub"]), user)

    def _profile(self, user_id: str, user: User) -> dict[str, Any]:
        first, _, last = user.full_name.partition(" ")
        return {
            "id": user_id,
            "email": user.email,
            "full_name": user.full_name,
            "first_name": first,
            "last_name": last,
            "role": user.role,
        }

    def _organization(self) -> dict[str, str]:
        return {"id": self._organization_id, "name": self._engine.settings.organization}
