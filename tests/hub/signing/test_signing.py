"""Signatures: ours and model-signing's verify each other, and nothing forged, cut off or of other files is good."""

from __future__ import annotations

import base64
import json
import stat

import model_signing
import pytest
from click.testing import CliRunner

from junco import hub
from junco.cli.main import app
from junco.errors import ContractError, InputError, IntegrityError, JuncoError, ParameterError, TargetError, TrustError
from junco.hub.signing.keys import new_key


def theirs(folder, pki, name="alice", sig="model.sig", algorithm="sha256"):
    """A signature of the reference implementation."""
    hashing = model_signing.hashing.Config().use_file_serialization(hashing_algorithm=algorithm)
    hashing.set_ignored_paths(paths=[folder / sig])
    config = model_signing.signing.Config().set_hashing_config(hashing)
    config.use_elliptic_key_signer(private_key=pki / f"{name}.key").sign(folder, folder / sig)


def test_what_is_signed_here_model_signing_verifies(folder, pki):
    file = hub.sign(folder, pki / "alice.key")
    assert file == folder / "model.sig"
    verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=pki / "alice.pub")
    verifier.verify(folder, file)
    (folder / "cases.txt").write_text("another\n")
    with pytest.raises(ValueError, match="Hash mismatch"):
        verifier.verify(folder, file)


@pytest.mark.parametrize("name", ["alice", "p384"])
def test_what_model_signing_signs_is_verified_here(folder, pki, name):
    theirs(folder, pki, name)
    found = hub.verify(folder, key=pki / f"{name}.pub")
    assert (found.name, found.files) == ("flowers", 5)


def test_certificates_are_verified_both_ways(folder, pki):
    chain = [pki / "alice.crt", pki / "between.crt"]
    hub.sign(folder, pki / "alice.key", certificates=chain)
    found = hub.verify(folder, certificates=[pki / "root.crt"], identity="alice@x.example")
    assert found.by == "alice"
    model_signing.verifying.Config().use_certificate_verifier(certificate_chain=[pki / "root.crt"]).verify(
        folder, folder / "model.sig"
    )
    (folder / "model.sig").unlink()
    config = model_signing.signing.Config()
    config.set_hashing_config(model_signing.hashing.Config().set_ignored_paths(paths=[folder / "model.sig"]))
    config.use_certificate_signer(
        private_key=pki / "alice.key", signing_certificate=chain[0], certificate_chain=chain[1:]
    ).sign(folder, folder / "model.sig")
    assert hub.verify(folder, certificates=[pki / "root.crt"]).by == "alice"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"certificates": ["another-root.crt"]}, "do not lead to one that is trusted"),
        ({"certificates": ["root.crt"], "identity": "mallory"}, "signed by alice, alice@x.example, and not by mallory"),
        ({"certificates": ["mallory.crt"]}, "do not lead to one that is trusted"),
        ({"key": "alice.pub", "certificates": []}, None),
    ],
)
def test_certificates_that_lead_elsewhere_are_refused(folder, pki, how, why):
    hub.sign(folder, pki / "alice.key", certificates=[pki / "alice.crt", pki / "between.crt"])
    asked = {**how, "certificates": [pki / each for each in how["certificates"]]}
    if "key" in how:
        assert hub.verify(folder, key=pki / how["key"]).by.startswith("the key")  # it is the certificate's own
        return
    with pytest.raises(TrustError, match=why):
        hub.verify(folder, **asked)


@pytest.mark.parametrize(
    ("key", "chain", "why"),
    [
        ("alice", ["alice.crt"], "do not lead"),  # the one between is missing
        ("p384", ["server.crt", "between.crt"], "by which anything may be signed"),
        ("p384", ["web.crt", "between.crt"], "by which anything may be signed"),
        ("mallory", ["below.crt", "alice.crt", "between.crt"], "do not lead"),  # of somebody who may make none
    ],
)
def test_chains_with_a_hole_or_of_who_may_not_are_refused(folder, pki, key, chain, why):
    hub.sign(folder, pki / f"{key}.key", certificates=[pki / each for each in chain])
    with pytest.raises(TrustError, match=why):
        hub.verify(folder, certificates=[pki / "root.crt"])


def test_a_certificate_for_code_signs(folder, pki):
    hub.sign(folder, pki / "p384.key", certificates=[pki / "signer.crt", pki / "between.crt"])
    assert hub.verify(folder, certificates=[pki / "root.crt"]).by == "signer"


def test_a_certificate_of_another_key_does_not_sign(folder, pki):
    with pytest.raises(InputError, match="another key than the one that signs"):
        hub.sign(folder, pki / "mallory.key", certificates=[pki / "alice.crt"])


def test_another_key_is_named(folder, pki):
    hub.sign(folder, pki / "mallory.key")
    with pytest.raises(TrustError, match=r"is signed by the key .*, and not by"):
        hub.verify(folder, key=pki / "alice.pub")


def test_what_is_not_signed_is_said(folder, pki):
    with pytest.raises(TrustError, match=r"is not signed: there is no model\.sig"):
        hub.verify(folder, key=pki / "alice.pub")


@pytest.mark.parametrize("change", ["other", "more", "less", "renamed"])
def test_files_that_are_not_those_that_were_signed(folder, pki, change):
    hub.sign(folder, pki / "alice.key")
    file = folder / "cases.txt"
    if change == "other":
        file.write_text("changed\n")
    elif change == "more":
        (folder / "more.txt").write_text("not signed")
    elif change == "less":
        file.unlink()
    else:
        file.rename(folder / "renamed.txt")
    with pytest.raises(IntegrityError, match=r"model\.sig is of other files: (cases|more|renamed)\.txt is"):
        hub.verify(folder, key=pki / "alice.pub")
    with pytest.raises(ContractError, match=r"model\.sig: is of other files"):
        hub.check(folder).refuse()


def told_of(folder):
    return json.loads((folder / "model.sig").read_text())


def write(folder, told):
    (folder / "model.sig").write_text(told if isinstance(told, str) else json.dumps(told))


def with_payload(told, change):
    """Somebody without the key changes what is said to be signed."""
    payload = json.loads(base64.b64decode(told["dsseEnvelope"]["payload"]))
    change(payload)
    told["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    return told


@pytest.mark.parametrize("length", [0, 1, 100, 500, -1])
def test_a_signature_that_is_cut_off_is_none(folder, pki, length):
    hub.sign(folder, pki / "alice.key")
    (folder / "model.sig").write_text((folder / "model.sig").read_text()[:length])
    with pytest.raises(IntegrityError, match="is no signature of model-signing"):
        hub.verify(folder, key=pki / "alice.pub")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "3", '{"mediaType": 3}', "[" * 100_000, '{"mediaType": "application/json"}'],
    ids=range(8),
)
def test_what_is_no_signature_is_a_typed_error(folder, pki, text):
    write(folder, text)
    with pytest.raises(IntegrityError, match="is no signature of model-signing"):
        hub.verify(folder, key=pki / "alice.pub")


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["predicate"]["resources"].pop(),
        lambda told: told["predicate"]["resources"][0].update(digest="0" * 64),
        lambda told: told["subject"][0].update(name="another"),
        lambda told: told.update(predicateType="https://model_signing/Digests/v0.1"),
    ],
)
def test_a_signature_whose_text_was_changed_is_forged(folder, pki, change):
    hub.sign(folder, pki / "alice.key")
    write(folder, with_payload(told_of(folder), change))
    with pytest.raises(TrustError, match="is forged, or was changed"):
        hub.verify(folder, key=pki / "alice.pub")


def test_a_signature_of_another_folder_by_the_same_key_is_of_other_files(folder, pki, tmp_path):
    from junco.hub.artefact.beginnings import begin

    other = begin("pipeline-family", "other", tmp_path / "other")
    hub.sign(other, pki / "alice.key")
    (folder / "model.sig").write_bytes((other / "model.sig").read_bytes())
    with pytest.raises(IntegrityError, match="is of other files"):
        hub.verify(folder, key=pki / "alice.pub")


def test_a_signature_says_nothing_by_itself_of_who_signed(folder, pki):
    hub.sign(folder, pki / "mallory.key")
    told = told_of(folder)
    hub.sign(folder, pki / "alice.key")
    told["verificationMaterial"] = told_of(folder)["verificationMaterial"]  # mallory's signature with alice's name
    write(folder, told)
    with pytest.raises(TrustError, match="is forged"):
        hub.verify(folder, key=pki / "alice.pub")


@pytest.mark.parametrize("field", ["sig", "payload", "two", "none", "type"])
def test_envelopes_that_are_not_as_they_should_be(folder, pki, field):
    hub.sign(folder, pki / "alice.key")
    told = told_of(folder)
    envelope = told["dsseEnvelope"]
    if field == "sig":
        envelope["signatures"][0]["sig"] = "not base64!"
    elif field == "payload":
        envelope["payload"] = "%%%"
    elif field == "two":
        envelope["signatures"] *= 2
    elif field == "none":
        envelope["signatures"] = []
    else:
        envelope["payloadType"] = "application/json"
    write(folder, told)
    with pytest.raises(IntegrityError, match="is no signature of model-signing"):
        hub.verify(folder, key=pki / "alice.pub")


@pytest.mark.parametrize("algorithm", ["blake2", "blake3"])
def test_another_algorithm_is_refused(folder, pki, algorithm):
    theirs(folder, pki, algorithm=algorithm)
    with pytest.raises(IntegrityError, match="not by sha256"):
        hub.verify(folder, key=pki / "alice.pub")


@pytest.mark.parametrize("name", ["other", "rsa"])
def test_keys_of_other_kinds_neither_sign_nor_verify(folder, pki, name):
    with pytest.raises(InputError, match="none that signs models"):
        hub.sign(folder, pki / f"{name}.key")
    hub.sign(folder, pki / "alice.key")
    with pytest.raises(InputError, match="none that signs models"):
        hub.verify(folder, key=pki / f"{name}.pub")


def test_a_secret_key_is_not_taken_for_a_public_one(folder, pki):
    hub.sign(folder, pki / "alice.key")
    with pytest.raises(InputError, match="is a private one"):
        hub.verify(folder, key=pki / "alice.key")
    with pytest.raises(InputError, match="no private key"):
        hub.sign(folder, pki / "alice.pub")
    with pytest.raises(InputError, match="cannot be read"):
        hub.sign(folder, pki / "nothing.key")


def test_an_encrypted_key_asks_for_its_password(folder, pki):
    with pytest.raises(InputError, match="password was not given"):
        hub.sign(folder, pki / "locked.key")
    with pytest.raises(InputError, match="password is wrong"):
        hub.sign(folder, pki / "locked.key", password=lambda: "no")
    hub.sign(folder, pki / "locked.key", password=lambda: "secret")
    assert hub.verify(folder, key=pki / "alice.pub").files == 5


def test_a_new_key_is_secret_and_replaces_none(tmp_path, folder):
    private, public, hint = new_key(tmp_path / "mine")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    hub.sign(folder, private)
    assert hint[:12] in hub.verify(folder, key=public).by
    with pytest.raises(TargetError, match="never replaced"):
        new_key(tmp_path / "mine")


def test_what_is_signed_again_has_one_signature_and_keeps_it_where_signing_fails(folder, pki):
    hub.sign(folder, pki / "alice.key")
    (folder / "cases.txt").write_text("another\n")
    hub.sign(folder, pki / "alice.key")
    assert hub.verify(folder, key=pki / "alice.pub").files == 5
    before = (folder / "model.sig").read_bytes()
    with pytest.raises(InputError):
        hub.sign(folder, pki / "rsa.key")
    assert (folder / "model.sig").read_bytes() == before


def test_what_is_wrong_is_not_signed(folder, pki):
    (folder / "model.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(ContractError, match=r"model\.pkl"):
        hub.sign(folder, pki / "alice.key")


def run(*args, given=None, code=0):
    done = CliRunner().invoke(app, [str(each) for each in args], input=given)
    assert done.exit_code == code, (done.output, done.stderr)
    return done


def test_the_commands(folder, pki, tmp_path):
    run("hub", "keys", tmp_path / "team", "--password", given="pass\npass\n")
    run("hub", "sign", folder, "--key", tmp_path / "team.key", "--as", "alice/flowers", given="pass\n")
    assert "5 files, signed by the key" in run("hub", "verify", folder, "--key", tmp_path / "team.pub").output
    assert "not by" in run("hub", "verify", folder, "--key", pki / "alice.pub", code=2).stderr
    assert "say who may have signed" in run("hub", "verify", folder, code=2).stderr


def test_a_hub_marks_what_is_signed_and_believes_nobody(served, machine, folder, pki):
    machine("alice", served.alice)
    hub.push(folder, "alice/plain")
    assert not _told(served, "alice/plain")["signed"]
    hub.sign(folder, pki / "mallory.key")
    hub.push(folder, "alice/signed")
    assert _told(served, "alice/signed")["signed"]
    stale = {"model.sig": (folder / "model.sig").read_bytes(), "README.md": b"---\nlicense: mit\n---\n# other\n"}
    served.repository(served.alice, "alice/stale")
    served.push(served.alice, "alice/stale", stale)
    assert not _told(served, "alice/stale")["signed"]


def _told(served, name):
    return served.ask("GET", f"/repositories/{name}", served.alice)


def test_a_namespace_whose_signatures_are_wanted_is_used_only_where_they_are_good(served, machine, folder, pki):
    machine("alice", served.alice)
    hub.push(folder, "alice/first", release="1.0.0")
    hub.sign(folder, pki / "alice.key")
    hub.push(folder, "alice/first", release="1.1.0")
    hub.sign(folder, pki / "mallory.key")
    hub.push(folder, "alice/first", release="1.2.0")
    hub.sign(folder, pki / "alice.key", name="alice/other")
    hub.push(folder, "alice/first", release="1.3.0")
    machine("bob", served.bob)
    assert hub.pull("alice/first@1.0.0").is_dir()
    run("hub", "trust", "Alice", "--key", pki / "alice.pub")
    assert "alice" in run("hub", "trust", "--list").output
    assert hub.pull("alice/first@1.1.0").is_dir()
    for version, why in (("1.0.0", "it is not signed"), ("1.2.0", "signed by the key"), ("1.3.0", "of alice/other")):
        with pytest.raises(JuncoError, match=f"is not used: .*{why}") as caught:
            hub.pull(f"alice/first@{version}")
        assert isinstance(caught.value, (TrustError, IntegrityError))
    assert hub.verify("alice/first@1.1.0", key=pki / "alice.pub").files == 5
    run("hub", "trust", "alice", "--key", pki / "mallory.pub")
    assert hub.pull("alice/first@1.2.0").is_dir()
    assert "2 keys less" in run("hub", "trust", "alice", "--revoke").output
    assert hub.pull("alice/first@1.0.0").is_dir()
    log = run("hub", "trust", "--log").output
    assert log.count("trust key") == 2
    assert "forget keys" in log


def test_a_namespace_may_be_signed_by_certificates(served, machine, folder, pki):
    machine("alice", served.alice)
    hub.sign(folder, pki / "alice.key", certificates=[pki / "alice.crt", pki / "between.crt"])
    hub.push(folder, "alice/by-certificate", release="1.0.0")
    machine("carol", served.bob)
    run("hub", "trust", "alice", "--certificate-chain", pki / "root.crt", "--identity", "alice@x.example")
    assert hub.pull("alice/by-certificate@1.0.0").is_dir()
    run("hub", "trust", "alice", "--certificate-chain", pki / "root.crt", "--identity", "mallory@x.example")
    with pytest.raises(TrustError, match="and not by mallory"):
        hub.pull("alice/by-certificate@1.0.0")


@pytest.mark.parametrize("namespace", ["alice/x", "", "../x", "a b"])
def test_a_key_is_trusted_for_a_namespace(served, machine, pki, namespace):
    machine("dora", served.bob)
    assert run("hub", "trust", namespace, "--key", pki / "alice.pub", code=2).stderr


def test_a_signature_promises_no_version_that_nobody_compares(folder, pki):
    with pytest.raises(ParameterError, match="all versions"):
        hub.sign(folder, pki / "alice.key", name="alice/flowers@1.0.0")
    assert not (folder / "model.sig").exists()
