import ssl

from cryptography import x509

from acs_emulator import tls


def test_the_development_authority() -> None:
    """A CA that signs nothing but servers, and a context that is ready to serve."""
    made = tls.make("emulator.local")
    authority = x509.load_pem_x509_certificate(made.ca_certificate)
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert made.context.protocol == ssl.PROTOCOL_TLS_SERVER


def test_every_authority_is_another() -> None:
    """Nothing is kept between two starts."""
    assert tls.make("10.0.0.1").ca_certificate != tls.make("10.0.0.1").ca_certificate
