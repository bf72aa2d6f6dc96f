"""Reasons of failures."""

import pytest

from crawler.answer.failures import MAY_PASS, OF_CERTIFICATES, certificate_reason_of


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SSL certificate problem: certificate has expired", "CERTIFICATE_EXPIRED"),
        ("SSL certificate problem: certificate is not yet valid", "CERTIFICATE_NOT_YET_VALID"),
        ("SSL certificate problem: self-signed certificate", "CERTIFICATE_SELF_SIGNED"),
        ("SSL certificate problem: self signed certificate in certificate chain", "CERTIFICATE_SELF_SIGNED"),
        (
            "SSL: no alternative certificate subject name matches target host name 'a.example'",
            "CERTIFICATE_OTHER_NAME",
        ),
        ("SSL certificate problem: unable to get local issuer certificate", "CERTIFICATE_UNTRUSTED"),
    ],
)
def test_a_refused_certificate_has_a_reason_of_its_own_that_stays(text: str, reason: str) -> None:
    assert certificate_reason_of(text) == reason
    assert reason in OF_CERTIFICATES - MAY_PASS
