"""Credentials, tokens, limits, error shapes and paging of the simulated Atlar."""

import base64

import httpx
import pytest
from atlar_company import EUR, KEY, SECRET, Asgi, Company, booked, company

from sandbox.limits import TokenBucket

TOKEN = "/iam/v2/oauth2/token"
ENTITIES = "/financial-data/v2/entities"


@pytest.fixture
def firm() -> Company:
    return company()


def anonymous(firm: Company) -> httpx.Client:
    return httpx.Client(transport=Asgi(firm.app), base_url="http://atlar.test")


def bearer(firm: Company) -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    granted = firm.ok("POST", TOKEN, data=form)
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 300
    return {"authorization": f"Bearer {granted['access_token']}"}


def test_a_call_without_credentials_is_refused_in_the_general_shape(firm: Company) -> None:
    response = anonymous(firm).get(ENTITIES)
    assert response.status_code == 401
    assert response.json() == {"status": 401, "message": "No bearer token found in authorization header"}
    assert response.headers["request-id"]


def test_basic_is_accepted_on_every_call_and_a_wrong_secret_is_not(firm: Company) -> None:
    assert firm.http.get(ENTITIES).status_code == 200
    assert firm.http.get(ENTITIES, auth=(KEY, "wrong")).status_code == 401


@pytest.mark.parametrize("path", [TOKEN, "/iam/v2beta/oauth2/token"])
def test_a_token_is_issued_for_secret_in_the_header_or_in_the_body(firm: Company, path: str) -> None:
    grant = {"grant_type": "client_credentials"}
    assert firm.http.post(path, data=grant).status_code == 200
    posted = anonymous(firm).post(path, data={**grant, "client_id": KEY, "client_secret": SECRET})
    assert posted.status_code == 200
    refused = anonymous(firm).post(path, data={**grant, "client_id": KEY, "client_secret": "wrong"})
    assert refused.status_code == 401
    assert refused.json()["status"] == 401


def test_another_grant_is_a_bad_request(firm: Company) -> None:
    assert firm.refused("POST", TOKEN, 400, data={"grant_type": "password"}) == ["grant_type"]


def test_a_token_lives_three_hundred_seconds_of_the_sandbox_clock(firm: Company) -> None:
    headers = bearer(firm)
    client = anonymous(firm)
    assert client.get(ENTITIES, headers=headers).status_code == 200
    firm.clock.advance(299)
    assert client.get(ENTITIES, headers=headers).status_code == 200
    firm.clock.advance(1)
    assert client.get(ENTITIES, headers=headers).status_code == 401
    assert client.get(ENTITIES, headers=bearer(firm)).status_code == 200


def test_a_forged_token_is_refused(firm: Company) -> None:
    token = bearer(firm)["authorization"].removeprefix("Bearer ")
    header, _, signature = token.split(".")
    claims = base64.urlsafe_b64encode(b'{"exp":99999999999}').decode().rstrip("=")
    for forged in (f"{header}.{claims}.{signature}", token[:-2], "x", ""):
        response = anonymous(firm).get(ENTITIES, headers={"authorization": f"Bearer {forged}"})
        assert response.status_code == 401


def test_the_metadata_names_the_token_endpoint(firm: Company) -> None:
    metadata = anonymous(firm).get("/.well-known/oauth-authorization-server").json()
    assert metadata["token_endpoint"] == f"http://atlar.test{TOKEN}"


def test_a_role_without_a_permission_gets_403(firm: Company) -> None:
    firm.ok("POST", "/_sim/limits", json={"denied_permissions": ["accounting_documents:create"]})
    firm.refused("POST", "/accounting/v2beta/documents", 403, json={})
    firm.ok("GET", "/accounting/v2beta/documents")
    firm.ok("POST", "/_sim/limits", json={"denied_permissions": ["gl_accounts:read"]})
    firm.refused("POST", "/accounting/v2beta/documents", 403, json={})
    firm.refused("GET", "/accounting/v2beta/gl-accounts", 403)


def test_over_the_limit_is_429_with_retry_after() -> None:
    firm = company(TokenBucket(120, 2, monotonic=lambda: 0.0))
    assert [firm.http.get(ENTITIES).status_code for _ in range(3)] == [200, 200, 429]
    refused = firm.http.get(ENTITIES)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["status"] == 429


def test_unknown_paths_and_methods_have_the_general_shape(firm: Company) -> None:
    firm.refused("GET", "/nothing", 404)
    firm.refused("PUT", ENTITIES, 405)
    firm.refused("GET", f"{ENTITIES}/", 404)


def test_every_answer_has_its_own_request_id(firm: Company) -> None:
    seen = {firm.http.get(ENTITIES).headers["request-id"] for _ in range(3)}
    assert len(seen) == 3


def test_a_single_page_has_all_four_keys(firm: Company) -> None:
    page = firm.ok("GET", ENTITIES)
    assert sorted(page) == ["items", "limit", "nextToken", "token"]
    assert (page["nextToken"], page["token"], page["limit"], len(page["items"])) == ("", "", 100, 1)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "1.5", ""])
def test_a_limit_outside_1_to_500_is_refused(firm: Company, limit: str) -> None:
    if limit:
        assert firm.refused("GET", ENTITIES, 400, params={"limit": limit}) == ["limit"]
    else:
        assert firm.ok("GET", ENTITIES, params={"limit": limit})["limit"] == 100
    assert firm.ok("GET", ENTITIES, params={"limit": "500"})["limit"] == 500


def load_transactions(firm: Company, count: int) -> None:
    firm.engine.load(
        "transactions",
        [booked(f"t-{number:03}", EUR, f"2026-03-{number % 28 + 1:02}", "1.00") for number in range(count)],
    )


def test_pages_are_short_or_empty_before_the_end_and_lose_nothing(firm: Company) -> None:
    load_transactions(firm, 97)
    sizes, seen, token = [], [], ""
    while True:
        page = firm.ok("GET", "/financial-data/v2/transactions", params={"limit": 9, "token": token})
        assert page["token"] == token
        sizes.append(len(page["items"]))
        seen += [record["id"] for record in page["items"]]
        token = page["nextToken"]
        if not token:
            break
    assert 0 in sizes[:-1]
    assert 6 in sizes[:-1]
    assert len(seen) == len(set(seen)) == 97


def test_full_pages_on_request(firm: Company) -> None:
    firm.ok("POST", "/_sim/limits", json={"short_pages": False})
    load_transactions(firm, 20)
    page = firm.ok("GET", "/financial-data/v2/transactions", params={"limit": 10})
    last = firm.ok("GET", "/financial-data/v2/transactions", params={"limit": 10, "token": page["nextToken"]})
    assert (len(page["items"]), len(last["items"]), last["nextToken"]) == (10, 10, "")


def test_a_token_outlives_inserts_and_deletes_without_repeats(firm: Company) -> None:
    load_transactions(firm, 30)
    first = firm.ok("GET", "/financial-data/v2/transactions", params={"limit": 10})
    gone = first["items"][0]["id"]
    assert firm.http.delete(f"/_sim/atlar/transactions/{gone}").status_code == 204
    firm.engine.load("transactions", [booked("t-new", EUR, "2026-03-31", "1.00")])
    rest = firm.every("/financial-data/v2/transactions", limit=10, token=first["nextToken"])
    seen = {record["id"] for record in rest}
    assert not seen & {record["id"] for record in first["items"]}


def test_a_token_is_good_only_for_its_filters(firm: Company) -> None:
    load_transactions(firm, 30)
    url = "/financial-data/v2/transactions"
    token = firm.ok("GET", url, params={"limit": 10})["nextToken"]
    assert firm.refused("GET", url, 400, params={"limit": 10, "token": token, "accountId": EUR}) == ["token"]
    assert firm.refused("GET", url, 400, params={"token": "!!"}) == ["token"]
