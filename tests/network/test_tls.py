"""What is said of a handshake that failed."""

import ssl

from uniapi.network.tls import tls_fault


def test_a_certificate_that_is_not_trusted_names_host_reason_and_setting():
    """So that nobody looks for a switch to turn verification off."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    fault = tls_fault("api.example", error)
    assert "api.example" in fault
    assert "self-signed certificate in certificate chain" in fault
    assert "`preferences.ca_file`" in fault


def test_another_failure_names_host_and_reason():
    error = ssl.SSLError(1, "wrong version number")
    error.reason = "WRONG_VERSION_NUMBER"
    assert tls_fault("api.example", error) == "TLS to api.example failed: WRONG_VERSION_NUMBER"
