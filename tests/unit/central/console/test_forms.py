"""Forms and bodies are read by the same schemas; messages are named as the form's fields are."""

import pytest
from werkzeug.datastructures import MultiDict

from central.console import forms
from central.console.schemas import TenantBody, TenantChange
from kernel.errors import InvalidFields


def test_a_form_is_read_like_the_body_that_it_stands_for() -> None:
    form = MultiDict(
        {
            "csrf_token": "x",
            "tenant_code": " bv-a ",
            "name": "Bệnh viện A",
            "display_name": "",
            "max_users": "7",
            "admin.username": "quantri",
            "admin.email": "a@b.example",
            "admin.full_name": "Trần A",
        }
    )
    loaded = forms.load(TenantBody(), form)
    assert loaded["tenant_code"] == "bv-a"
    assert loaded["display_name"] is None
    assert loaded["max_users"] == 7
    assert loaded["subscription_plan"] == "basic"
    assert loaded["admin"]["username"] == "quantri"


def test_nested_fields_are_named_as_in_the_form() -> None:
    with pytest.raises(InvalidFields) as caught:
        forms.load(TenantBody(), MultiDict({"admin.email": "no"}))
    assert set(caught.value.errors) == {"tenant_code", "name", "admin.full_name", "admin.username", "admin.email"}


def test_a_change_holds_only_what_was_sent() -> None:
    assert forms.load(TenantChange(), MultiDict({"name": "B"}), partial=True) == {"name": "B"}


@pytest.mark.parametrize("domain", ["benhvien.vn", "a-b.example.com.vn", "BENHVIEN.VN"])
def test_domain_names_are_taken(domain: str) -> None:
    assert forms.load(TenantChange(), MultiDict({"domain": domain}), partial=True) == {"domain": domain}


@pytest.mark.parametrize(
    "domain", ["benhvien", "http://a.vn", "a..vn", "-a.vn", "a.vn/x", "a b.vn", "a.vn:80", "bệnhviện.vn", "1.2.3.4"]
)
def test_what_is_no_domain_name_is_refused(domain: str) -> None:
    with pytest.raises(InvalidFields):
        forms.load(TenantChange(), MultiDict({"domain": domain}), partial=True)
