"""The secrets of one provider: `api` in all its forms, the Vertex service account, the AWS key
pair.
"""

from __future__ import annotations

from uniapi.values import dataclass, field, replace

from .addresses import proxy_fault
from .engine_names import EngineNames
from .forms import COUNT, ENABLED, PROXY, TEXT
from .key_slips import vendor_key_slips
from .levels import Form, Key, Level, Section, as_written, refuse_empty_variable, section
from .nodes import Node, ProblemList
from .provider_schema import Credential
from .secrets import fingerprint, mask
from .values import boolean

NO_CREDENTIAL = Credential(credential_id="none", display="no key", kind="none")
"""For a provider that needs no key, so that every channel has a credential."""

CREDENTIAL = Level.of(
    "providers[].api[]",
    Credential,
    Key("key", "secret", TEXT, "", "the key", is_required=True, is_secret=True, is_credential=True),
    Key("weight", "weight", COUNT, "1", "its share of the calls"),
    Key("proxy", "proxy", PROXY, "the provider's", "a proxy for this key", is_secret=True),
    Key("project_id", "project_id", TEXT, "the provider's", "a Vertex project for this key"),
    ENABLED,
    joint="secret",
)
CREDENTIALS = Form(
    said="a key or a list of keys",
    shapes=("text", "credentials"),
    reader=as_written,
    level=CREDENTIAL,
)


@dataclass(slots=True)
class CredentialsRead:
    """What was found: the credentials, and why the provider cannot be built (place and reason), if
    so.
    """

    credentials: tuple[Credential, ...] = ()
    faults: list[tuple[Node, str]] = field(default_factory=list)


def read_credentials(provider: Section, engines: EngineNames) -> CredentialsRead:
    """The credentials of a provider.

    An account (service account, AWS pair) goes before `api`; with neither, one credential of kind
    `none`.
    """
    read = CredentialsRead()
    projects = provider.value("project_id") or ()
    account = _service_account(provider, engines, read) or _aws_pair(provider, read)
    if account is not None:
        if provider.get("api") is not None:
            which = (
                "the service account" if account.kind == "service_account" else "the AWS key pair"
            )
            provider.report.warning(
                provider.get("api") or provider.node,
                f"`api` is not used: {which} of this provider is",
            )
        read.credentials = (replace(account, project_id=projects[0] if projects else None),)
        return read
    node = provider.get("api")
    if node is None:
        read.credentials = (replace(NO_CREDENTIAL, project_id=projects[0] if projects else None),)
        return read
    _read_keys(node, projects, provider.report, read)
    if projects and len(projects) not in (1, len(node.items) or 1):
        message = (
            f"{len(projects)} projects for {len(node.items) or 1} keys: expected one, or one per"
            " key; they are dealt out in turn"
        )
        provider.report.warning(provider.get("project_id") or provider.node, message)
    return read


def _read_keys(
    node: Node, projects: tuple[str, ...], report: ProblemList, read: CredentialsRead
) -> None:
    """`api`: one key or a list of keys; an empty list is a provider without keys."""
    written = node.items if node.kind == "list" else (node,)
    items = [(place, one) for place, one in enumerate(written, 1) if not _is_switched_off(one)]
    if written and not items:
        read.faults.append((node, "every key of it is switched off"))
        return
    if not items:
        read.credentials = (replace(NO_CREDENTIAL, project_id=projects[0] if projects else None),)
        return
    found: dict[tuple[str, str | None, str | None], Credential] = {}
    taken: set[str] = set()
    problems_before = len(read.faults)
    for index, (number, item) in enumerate(items):
        project = projects[index % len(projects)] if projects else None
        credential = (
            _mapped_key(item, project, report, read)
            if item.kind == "map"
            else _plain_key(item, project, report)
        )
        if credential is None:
            continue
        identity = (credential.secret, credential.project_id, credential.proxy)
        if identity in found:
            report.warning(
                item, "the same key is already listed for this provider: it is used once"
            )
            continue
        if credential.credential_id in taken:
            credential = replace(
                credential, credential_id=fingerprint("\0".join(part or "" for part in identity))
            )
        taken.add(credential.credential_id)
        found[identity] = replace(credential, number=number)
    read.credentials = tuple(found.values())
    if found:
        for place, reason in read.faults[problems_before:]:
            report.warning(place, f"this key is left out: {reason}")
        del read.faults[problems_before:]


def _is_switched_off(node: Node) -> bool:
    """Whether a key's map says `enabled: false`; the rest of it is then not looked at."""
    said = {member.key.text: member.value for member in node.members}
    return "enabled" in said and boolean(said["enabled"], ProblemList()) is False


def _plain_key(node: Node, project: str | None, report: ProblemList) -> Credential | None:
    refuse_empty_variable(node, report)
    if not node.is_scalar:
        report.error(
            node,
            f"expected a key, found {node.shown()}"
            + (": the key is empty" if node.kind == "null" else ""),
        )
        return None
    secret = _secret(node, report)
    return (
        None
        if secret is None
        else Credential(
            credential_id=fingerprint(secret),
            display=mask(secret),
            secret=secret,
            project_id=project,
        )
    )


def _mapped_key(
    node: Node, project: str | None, report: ProblemList, read: CredentialsRead
) -> Credential | None:
    """`{key, weight?, proxy?, project_id?}`.

    A proxy that cannot be used leaves the key out: it must not be used without its proxy.
    """
    fields = section(node, CREDENTIAL, report)
    key = fields.get("key") if fields else None
    if fields is None or key is None:
        return None
    credential = _plain_key(key, project, report)
    said = fields.fields()
    if credential is None:
        return None
    fault = proxy_fault(said["proxy"]) if "proxy" in said else None
    if fault is not None:
        read.faults.append((fields.get("proxy") or node, f"its proxy cannot be used: {fault}"))
        return None
    return replace(credential, **said)


def _secret(node: Node, report: ProblemList) -> str | None:
    """A key's text. It travels in a header, so it is one line; what else looks wrong about it is
    let through with a warning.
    """
    secret = node.text.strip()
    if not secret:
        report.error(node, "the key is empty")
        return None
    if any(not character.isprintable() for character in secret):
        report.error(node, "the key has a line break or another control character inside")
        return None
    for slip in vendor_key_slips(secret):
        report.warning(node, slip)
    return secret


def _service_account(
    provider: Section, engines: EngineNames, read: CredentialsRead
) -> Credential | None:
    private_key = provider.value("private_key")
    email = provider.value("client_email")
    if private_key is None and email is None:
        return None
    place = provider.get("private_key") or provider.get("client_email") or provider.node
    if private_key is None or email is None:
        missing = "private_key" if private_key is None else "client_email"
        read.faults.append(
            (
                place,
                (
                    f"`{missing}` is missing: a service account has both `private_key` and"
                    " `client_email`"
                ),
            )
        )
        return None
    pem = private_key.replace("\\n", "\n")
    fault = engines.check_private_key(pem)
    if fault is not None:
        read.faults.append((place, f"its private key cannot be used: {fault}"))
        return None
    return Credential(
        credential_id=fingerprint(f"{email}\0{pem}"),
        display=email,
        secret=pem,
        kind="service_account",
        account=email,
    )


def _aws_pair(provider: Section, read: CredentialsRead) -> Credential | None:
    access = provider.value("aws_access_key")
    secret = provider.value("aws_secret_key")
    token = provider.value("aws_session_token")
    if access is None and secret is None and token is None:
        return None
    if access is None or secret is None:
        missing = "aws_access_key" if access is None else "aws_secret_key"
        written = map(provider.get, ("aws_access_key", "aws_secret_key", "aws_session_token"))
        place = next(filter(None, written), provider.node)
        read.faults.append(
            (place, f"`{missing}` is missing: AWS needs both `aws_access_key` and `aws_secret_key`")
        )
        return None
    identity = fingerprint(f"{access}\0{secret}")
    return Credential(
        credential_id=identity,
        display=mask(access),
        secret=secret,
        kind="aws",
        account=access,
        session_token=token,
    )
