"""Code of a hub runs where its caller allowed it, from verified bytes alone, and is what it says it is."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from junco import Operator, Trust, hub, ops, pipe, pipeline
from junco.errors import ContractError, IntegrityError, ParameterError, TrustError, UnavailableError, UnknownNameError
from junco.graph.yaml_text import dump
from junco.hub.artefact.fields import read_manifest
from junco.hub.artefact.tree import File
from junco.hub.client.pulling import pulled
from junco.hub.trust import word
from junco.hub.trust.grants import grants, is_granted, revoke
from junco.hub.trust.log import notes
from junco.hub.trust.packages import Code, imported
from junco.hub.trust.review import review, reviews
from junco.operator import registry

RED = np.full((4, 4, 3), (255, 0, 0), np.uint8)
_here = importlib.util.spec_from_file_location("trust_conftest", Path(__file__).parent / "conftest.py")
_tools = importlib.util.module_from_spec(_here)
_here.loader.exec_module(_tools)
change, golden = _tools.change, _tools.golden


@pytest.fixture
def allowed(served, machine, colour):
    """Pushes an operator as alice, and goes to bob's machine, where it is allowed."""

    def make(name, grant=True, **how):
        machine("alice", served.alice)
        pushed = hub.push(colour(name, **how), f"alice/{name}", release="1.0.0")
        machine("bob", served.bob)
        if grant:
            review(f"alice/{name}@1.0.0").grant()
        return pushed

    return make


def test_cases_5_and_14_nothing_of_it_is_run_before_it_is_allowed_and_then_it_works(allowed, canary, tmp_path):
    made = allowed("colour", grant=False)
    for use in (
        lambda: ops["alice/colour@1.0.0"],
        lambda: pipe.input("image").map("image", "vector", ops["alice/colour@1.0.0"]()).output("vector")(RED),
        lambda: pipeline(flow(tmp_path, "alice/colour@1.0.0"))(RED),
    ):
        with pytest.raises(TrustError, match=r"nobody here allowed to run: 'junco hub trust alice/colour@1\.0\.0'"):
            use()
    assert not canary.exists()
    review("alice/colour@1.0.0").grant()
    assert not canary.exists()
    embed = ops["alice/colour@1.0.0"]()
    assert embed(RED).tolist() == [1, 0, 0]
    assert ops["alice/colour@1.0.0"](normalize=True).name == f"alice/colour@{made.commit}"
    assert pipeline(flow(tmp_path, "alice/colour@1.0.0"))(RED).tolist() == [1, 0, 0]
    assert canary.read_text() == "colour\n"  # once


def flow(folder, operator):
    path = folder / "flow.yaml"
    path.write_text(
        f"junco: 1\nname: flow\ninputs: [image]\nsteps:\n  - {{map: {operator}, in: image, out: vector}}\n"
        "outputs: [vector]\n"
    )
    return path


def test_a_pipeline_of_a_hub_whose_steps_are_code_lists_each_operator_and_runs_once_all_are_allowed(
    served, machine, colour, canary, tmp_path
):
    machine("alice", served.alice)
    hub.push(colour("one"), "alice/one", release="1.0.0")
    hub.push(colour("two"), "alice/two", release="1.0.0")
    folder = tmp_path / "both"
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(
        "junco: 1\nname: both\nlicense: mit\ninputs: [image]\nsteps:\n"
        "  - {map: alice/one@1.0.0, in: image, out: one}\n  - {map: alice/two@1.0.0, in: image, out: two}\n"
        "outputs: [one, two]\n"
    )
    hub.lock([folder])
    hub.push(folder, "alice/both", release="1.0.0", licence="mit")
    machine("bob", served.bob)
    found = reviews("alice/both@1.0.0")
    assert [each.revision.repository for each in found] == ["alice/one", "alice/two"]
    found[0].grant()
    with pytest.raises(TrustError, match="alice/two@"):
        pipeline("alice/both@1.0.0")(RED)
    found[1].grant()
    one, two = pipeline("alice/both@1.0.0")(RED)
    assert one.tolist() == two.tolist() == [1, 0, 0]


def test_case_7_a_grant_is_of_one_commit_and_main_asks_again(served, machine, allowed, colour, canary):
    allowed("moves")
    assert ops["alice/moves@1.0.0"]()(RED).tolist() == [1, 0, 0]
    machine("alice", served.alice)
    folder = Path(os.environ["JUNCO_HOME"]).parent / "made" / "moves"
    (folder / "scale.py").write_text('"""Darker."""\n\nFULL = 510\n')
    golden(folder, outputs=[[0.5, 0, 0], [0, 0.25, 0.25]])
    hub.push(folder, "alice/moves", release="2.0.0")
    machine("bob", served.bob)
    with pytest.raises(TrustError, match="nobody here allowed"):
        ops["alice/moves@main"]
    assert ops["alice/moves@1.0.0"]()(RED).tolist() == [1, 0, 0]
    review("alice/moves").grant()
    both = [ops[f"alice/moves@{version}"]() for version in ("1.0.0", "2.0.0")]  # side by side, in one process
    assert [each(RED).tolist() for each in both] == [[1, 0, 0], [0.5, 0, 0]]
    assert both[0] != both[1]


def test_case_7_what_is_taken_back_is_not_run_any_more(served, allowed):
    allowed("taken")
    assert ops["alice/taken@1.0.0"]()(RED).tolist() == [1, 0, 0]
    assert revoke(served.url, "alice/taken") == 1
    with pytest.raises(TrustError):
        ops["alice/taken@1.0.0"]


def test_a_class_of_a_hub_is_found_by_its_name_there_alone(allowed):
    allowed("alone")
    spec = ops["alice/alone@1.0.0"]()
    assert spec.operator.family == "image-embedding"
    assert "image-embedding.alone" not in registry.names()
    with pytest.raises(UnknownNameError):
        ops["image-embedding.alone"]


def test_one_that_calls_itself_as_a_built_in_does_not_take_its_place(allowed, canary):
    ours = ops["image-embedding.efficientnet-lite"]().load()
    allowed("efficientnet-lite")
    assert ops["alice/efficientnet-lite@1.0.0"]()(RED).tolist() == [1, 0, 0]
    assert ops["image-embedding.efficientnet-lite"]().load() is ours


def test_cases_5_and_14_a_grant_comes_from_no_environment_file_or_card(allowed, monkeypatch, tmp_path, canary):
    made = allowed("quiet", grant=False)
    for name in ("JUNCO_TRUST", "JUNCO_TRUST_REMOTE_CODE", "HF_TRUST_REMOTE_CODE", "TRUST_REMOTE_CODE"):
        monkeypatch.setenv(name, "1")
    hub.lock(["alice/quiet@1.0.0"])
    for text in (
        "  - {map: alice/quiet@1.0.0, in: image, out: vector, with: {trust: true}}",
        "  - {map: alice/quiet@1.0.0, in: image, out: vector, trust: true}",
        f"  - {{map: 'alice/quiet@{made.commit}', in: image, out: vector, with: {{trust_remote_code: true}}}}",
    ):
        path = tmp_path / "told.yaml"
        path.write_text(f"junco: 1\nname: told\ninputs: [image]\nsteps:\n{text}\noutputs: [vector]\n")
        with pytest.raises((TrustError, ContractError, Exception)) as caught:
            pipeline(path)(RED)
        assert type(caught.value).__module__ == "junco.errors"
    assert grants() == []
    assert not canary.exists()


@pytest.mark.parametrize("name", ["numpy.py", "torch.py", "conftest.py", "sitecustomize.py", "setup.py", "json.py"])
def test_case_14_files_called_as_modules_that_everybody_knows_are_refused_and_never_run(
    served, machine, colour, canary, name
):
    folder = colour("shadow")
    (folder / name).write_text(f"open({str(canary)!r}, 'w').close()\n")
    with pytest.raises(ContractError, match=f"{name} is code that it does not declare"):
        hub.check(folder).refuse()
    change(folder, code=["shadow_operator.py", "scale.py", name])
    with pytest.raises(ContractError, match="a module that everybody knows"):
        hub.check(folder).refuse()
    machine("mallory", served.alice)
    _push_unchecked(served, folder, f"alice/shadow-{name.partition('.')[0]}")
    machine("bob", served.bob)
    with pytest.raises(ContractError, match="a module that everybody knows"):
        review(f"alice/shadow-{name.partition('.')[0]}").grant()
    assert not canary.exists()


def _push_unchecked(served, folder, name):
    """What somebody pushes who has another client than ours."""
    served.repository(served.alice, name)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    served.push(served.alice, name, files)


def test_case_14_its_own_files_are_found_within_it_alone_and_stand_before_nothing(allowed, tmp_path, monkeypatch):
    (tmp_path / "work-bob").mkdir(exist_ok=True)
    (tmp_path / "work-bob" / "scale.py").write_text("FULL = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "work-bob"))
    allowed("within")
    assert ops["alice/within@1.0.0"]()(RED).tolist() == [1, 0, 0]
    assert importlib.util.find_spec("within_operator") is None
    import scale

    assert scale.FULL == 1
    allowed("absolute", more="import absolute_operator")
    with pytest.raises(ContractError, match="cannot be imported: ModuleNotFoundError"):
        ops["alice/absolute@1.0.0"]


def test_case_14_compiled_files_beside_it_do_not_count_and_none_are_written(allowed, canary):
    allowed("compiled")
    folder = pulled("alice/compiled@1.0.0").folder
    cache = folder / "__pycache__"
    cache.mkdir()
    planted = compile(f"open({str(canary)!r} + '-planted', 'w')", "x", "exec")
    import marshal

    head = importlib.util.MAGIC_NUMBER + bytes(4)
    state = (folder / "scale.py").stat()
    head += int(state.st_mtime).to_bytes(4, "little") + state.st_size.to_bytes(4, "little")
    (cache / f"scale.{sys.implementation.cache_tag}.pyc").write_bytes(head + marshal.dumps(planted))
    assert ops["alice/compiled@1.0.0"]()(RED).tolist() == [1, 0, 0]
    assert not Path(f"{canary}-planted").exists()
    assert not (pulled("alice/compiled@1.0.0").folder / "__pycache__").exists()


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7", "raw_unicode_escape", "latin-1"])
def test_case_14_code_is_what_its_reader_saw_whatever_it_says_of_its_encoding(
    served, machine, colour, canary, encoding, monkeypatch
):
    """In another encoding a comment may hold the end of its line, and code behind it."""
    hidden = f"# -*- coding: {encoding} -*-\n# harmless \\u000aopen({str(canary)!r} + '-hidden', 'w') #+AAo-open(1)\n"
    folder = colour("encoded", first=hidden)
    with pytest.raises(ContractError, match=f"says that it is written in {encoding!r}"):
        hub.check(folder).refuse()
    monkeypatch.setattr("junco.hub.artefact.contents._of_encoding", lambda file: ())  # were it not seen there
    machine("alice", served.alice)
    hub.push(folder, f"alice/encoded-{encoding.replace('_', '-')}", release="1.0.0")
    machine("bob", served.bob)
    name = f"alice/encoded-{encoding.replace('_', '-')}@1.0.0"
    review(name).grant()
    assert ops[name]()(RED).tolist() == [1, 0, 0]
    assert not Path(f"{canary}-hidden").exists()


def test_a_file_that_was_changed_where_it_lies_is_not_run(allowed, canary, monkeypatch):
    allowed("changed")
    found = review("alice/changed@1.0.0")
    from junco.hub.trust.loading import operator_class

    path = found.found.folder / "scale.py"
    path.chmod(0o600)
    path.write_text("FULL = 254  # since it was verified\n")
    with pytest.raises(IntegrityError, match="is not the file that was allowed to run"):
        operator_class("alice/changed@1.0.0", found.found, found.checked)
    assert ops["alice/changed@1.0.0"]()(RED).tolist() == [1, 0, 0]  # which brings it anew


def test_golden_vectors_are_asked_for_after_each_grant_and_a_wrong_one_serves_nothing(served, machine, colour):
    machine("alice", served.alice)
    folder = colour("wrong")
    golden(folder, outputs=[[1.0, 0.0, 0.0], [0.0, 0.5, 0.75]])
    hub.push(folder, "alice/wrong", release="1.0.0")
    machine("bob", served.bob)
    review("alice/wrong@1.0.0").grant()
    for _ in range(2):
        with pytest.raises(ContractError, match=r"golden input 2 of 2 gives numbers up to 0\.25 from the golden ones"):
            ops["alice/wrong@1.0.0"]
    with pytest.raises(ContractError, match="golden input 2"):
        pipe.input("image").map("image", "vector", ops["alice/wrong@1.0.0"]())


def test_golden_vectors_are_not_asked_for_again_in_the_next_process(allowed, canary):
    allowed(
        "again",
        more="_batch = Again.batch\ndef _told(self, images):\n"
        f"    open({f'{canary}-batches'!r}, 'a').write('b')\n    return _batch(self, images)\nAgain.batch = _told",
    )
    use = "import numpy as np; from junco import ops; print(ops['alice/again@1.0.0']()(np.zeros((2, 2, 3), np.uint8)))"
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", use], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    assert Path(f"{canary}-batches").read_text() == "b" * 4  # two golden inputs, and one of each process


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise SystemExit(3)", "cannot be imported: SystemExit"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("Breaks.batch = lambda self, images: [image.mean() for image in images]", "golden input 1"),
        ("def broken(self, texts: list[str]) -> list[str]: ...\nclass Breaks(Operator, family='image-embedding', "
         "name='breaks'):\n    batch = broken", "cannot join the operator family 'image-embedding'"),
        ("class Breaks(Operator, family='image-embedding', name='other'):\n    def batch(self, images): return images",
         "its manifest says 'image-embedding.breaks', and its class is 'image-embedding.other'"),
        ("Breaks = 3", "is no class of an Operator"),
        ("Breaks = Operator", "is no class of an Operator"),
    ],
)  # fmt: skip
def test_code_that_is_not_what_its_manifest_says_is_a_typed_error(served, machine, colour, text, why):
    machine("alice", served.alice)
    name = f"alice/breaks-{abs(hash(text))}"
    hub.push(colour("breaks", more=text), name, release="1.0.0")
    machine("bob", served.bob)
    review(f"{name}@1.0.0").grant()
    with pytest.raises(ContractError, match=why):
        ops[f"{name}@1.0.0"]


@pytest.mark.parametrize(
    "requirement",
    ["numpy @ https://evil.example/numpy.whl", "-e .", "--index-url https://evil.example", "git+https://evil.example/x",
     "./local", "../up", "numpy; python_version > '3'"],
)  # fmt: skip
def test_case_15_requirements_that_are_no_names_of_packages_are_refused(served, machine, colour, canary, requirement):
    folder = colour("needs", requirements=[requirement])
    with pytest.raises(ContractError, match="has to be the name of a package with versions"):
        hub.check(folder).refuse()
    machine("mallory", served.alice)
    name = f"alice/needs-{abs(hash(requirement))}"
    _push_unchecked(served, folder, name)
    machine("bob", served.bob)
    with pytest.raises(ContractError, match="requirements:"):
        review(name).grant()
    assert not canary.exists()


def test_an_operator_that_has_no_code_is_nothing_that_could_be_run(served, machine, colour):
    folder = colour("empty")
    for path in folder.glob("*.py"):
        path.unlink()
    manifest = {key: value for key, value in read_manifest(folder / "operator.yaml").items() if key != "entry"}
    (folder / "operator.yaml").write_text(dump({**manifest, "code": []}, flow=False))
    machine("alice", served.alice)
    hub.push(folder, "alice/empty", release="1.0.0")
    assert reviews("alice/empty@1.0.0") == []
    with pytest.raises(ContractError, match="is an operator without code"):
        ops["alice/empty@1.0.0"]


def test_case_15_what_is_not_installed_is_shown_and_nothing_is_run_or_installed(allowed, canary):
    allowed("lacks", requirements=["numpy>=1", "no-such-package-of-anybody>=2", "numpy<1"])
    found = review("alice/lacks@1.0.0")
    assert found.requirements == ["numpy>=1", "no-such-package-of-anybody>=2", "numpy<1"]
    assert [each.partition(",")[0] for each in found.unsatisfied] == ["no-such-package-of-anybody>=2", "numpy<1"]
    with pytest.raises(UnavailableError, match=r"pip install 'no-such-package-of-anybody>=2' 'numpy<1'"):
        ops["alice/lacks@1.0.0"]
    assert not canary.exists()


def test_a_callers_word_names_a_commit_and_holds_for_this_process(served, allowed, canary, tmp_path, monkeypatch):
    made = allowed("word", grant=False)
    path = flow(tmp_path, "alice/word@1.0.0")
    for wrong in (Trust.commit("0" * 40), Trust.commit(made.commit, code="0" * 64)):
        with pytest.raises(TrustError):
            pipeline(path, trust=wrong)
    assert not canary.exists()
    embed = pipeline(path, trust=Trust.commit(made.commit))
    assert embed(RED).tolist() == [1, 0, 0]
    assert ops["alice/word@1.0.0"]()(RED).tolist() == [1, 0, 0]
    assert grants() == []
    monkeypatch.setattr(word, "_loaded", set())  # as another process is
    with pytest.raises(TrustError):
        ops["alice/word@1.0.0"]
    with Trust.commit("0" * 40) | Trust.commit(made.commit):
        assert ops["alice/word@1.0.0"]()(RED).tolist() == [1, 0, 0]


@pytest.mark.parametrize("what", ["main", "1.0.0", "v1.0.0", "0123abc", "A" * 40, None])
def test_a_word_is_of_a_commit_and_of_nothing_that_may_move(what):
    with pytest.raises(ParameterError, match="is no commit"):
        Trust.commit(what)
    with pytest.raises(ParameterError, match="is no digest"):
        Trust.commit("0" * 40, code="main")


def test_a_commit_that_the_hub_does_not_prove_needs_the_digest_of_its_code(allowed, monkeypatch, canary):
    made = allowed("unproved", grant=False)
    from junco.hub.client import revision

    monkeypatch.setattr(revision, "proves", lambda *told: False)
    with Trust.commit(made.commit), pytest.raises(TrustError, match=r"does not prove .* code='[0-9a-f]{64}'"):
        ops["alice/unproved@1.0.0"]
    assert not canary.exists()
    digest = review("alice/unproved@1.0.0").revision.code_digest
    with Trust.commit(made.commit, code=digest):
        assert ops["alice/unproved@1.0.0"]()(RED).tolist() == [1, 0, 0]


def test_a_grant_is_of_all_files_so_that_a_hub_cannot_put_others_beside_the_code(allowed, canary, monkeypatch):
    allowed("beside")
    found = review("alice/beside@1.0.0").revision
    assert is_granted(served_url := grants()[0].hub, found)
    other = replace(found, digest="0" * 64)  # as of other weights, under the same commit
    assert other.code_digest == found.code_digest
    assert not is_granted(served_url, other)


def test_a_record_of_another_tree_proves_nothing():
    from junco.hub.content.commit_record import FIELDS, commit_id, proves

    record = dict(zip(FIELDS, (1, None, "d" * 64, "alice", "first", 5), strict=True))
    assert proves(record, commit_id(record), "d" * 64)
    assert not proves(record, commit_id(record), "e" * 64)
    assert not proves({**record, "tree": "e" * 64}, commit_id(record), "e" * 64)
    assert not proves(None, commit_id(record), "d" * 64)
    assert not proves({**record, "more": 1}, commit_id({**record, "more": 1}), "d" * 64)


def test_its_vectors_are_in_a_space_of_its_commit_and_its_code(allowed, tmp_path):
    made = allowed("space")
    embed = pipeline(flow(tmp_path, "alice/space@1.0.0"))
    told = embed.plan.space.parts
    assert told["on a hub"] == f"alice/space@{made.commit}"
    assert told["code"] == review("alice/space@1.0.0").revision.code_digest
    other = pipe.input("image").map("image", "vector", ops["alice/space@1.0.0"](normalize=True)).output("vector")
    assert other.space != embed.space
    same = pipe.input("image").map("image", "vector", ops["alice/space@1.0.0"](normalize=False)).output("vector")
    assert same.space == embed.space
    assert embed.lock().is_known


def test_a_plan_writes_itself_with_the_commit_and_reads_back(allowed, tmp_path):
    made = allowed("written")
    embed = pipe.input("image").map("image", "vector", ops["alice/written@1.0.0"]()).output("vector")
    text = embed.to_yaml()
    assert f"map: alice/written@{made.commit}" in text
    (tmp_path / "back.yaml").write_text(text)
    again = pipeline(tmp_path / "back.yaml")
    assert again(RED).tolist() == [1, 0, 0]
    assert again.space == embed.space


@pytest.mark.parametrize("by_word", [True, False])
def test_it_works_in_a_worker_process_too(allowed, canary, by_word):
    made = allowed(name := f"worker{by_word:d}", grant=not by_word)
    with Trust.commit(made.commit):
        operator = ops[f"alice/{name}@1.0.0"]()
    with pipe.input("image").map("image", "vector", operator, backend="process").output("vector") as embed:
        assert embed.batch([RED] * 8).tolist() == [[1, 0, 0]] * 8
    assert canary.read_text().count(name) > 1  # here, and in each process


def test_a_spec_that_is_pickled_is_found_again_by_its_name_on_the_hub(allowed):
    import pickle

    allowed("pickled")
    spec = ops["alice/pickled@1.0.0"](normalize=True)
    again = pickle.loads(pickle.dumps(spec))
    assert again == spec
    assert again(RED).tolist() == [1, 0, 0]


def test_case_43_what_is_allowed_and_taken_back_stands_in_a_log(served, allowed):
    made = allowed("logged")
    revoke(served.url, "alice/logged")
    told = [each for each in notes() if each["repository"] == "alice/logged"]
    assert [each["action"] for each in told] == ["allow", "take back"]
    assert told[0]["commit"] == made.commit
    home = Path(os.environ["JUNCO_HOME"])
    log = home / "hub" / "trust.log"
    assert oct(log.stat().st_mode)[-3:] == "600"
    assert served.bob.token not in log.read_text()


def test_an_operator_of_a_hub_is_an_operator(allowed):
    allowed("whole")
    found = ops["alice/whole@1.0.0"]
    assert "Red, green and blue" in found.__doc__
    assert list(found.__signature__.parameters) == ["normalize"]
    assert issubclass(found.operator, Operator)
    with pytest.raises(ParameterError):
        found(wrong=1)


@pytest.mark.parametrize(
    "hidden",
    [
        b"# -*- coding: unicode_escape -*-\n# a note \\u000araise SystemExit('hidden')\n",
        b"# -*- coding: utf-7 -*-\n# a note +AAo-raise SystemExit('hidden')\n",
        b"# -*- coding: latin-1 -*-\n",
    ],
)
def test_what_runs_is_the_text_that_was_shown_whatever_encoding_it_names(tmp_path, hidden):
    data = hidden + "KNOWN = 'é'\n".encode()
    (tmp_path / "shown.py").write_bytes(data)
    file = File("shown.py", len(data), hashlib.sha256(data).hexdigest())
    code = Code("alice/shown", file.sha256[:40], file.sha256, str(tmp_path), (file,))
    assert imported(code, "shown").KNOWN == "é"


def test_code_that_is_no_utf_8_is_not_run(tmp_path):
    data = b"# -*- coding: latin-1 -*-\nKNOWN = '\xe9'\n"
    (tmp_path / "shown.py").write_bytes(data)
    file = File("shown.py", len(data), hashlib.sha256(data).hexdigest())
    with pytest.raises(ContractError, match="cannot be imported"):
        imported(Code("alice/latin", file.sha256[:40], file.sha256, str(tmp_path), (file,)), "shown")


def test_what_is_shown_names_data_that_the_code_reads_and_that_is_other_than_it_was(allowed, served, machine, tmp_path):
    allowed("notes")
    machine("alice", served.alice)
    folder = tmp_path / "made" / "notes"
    (folder / "notes.txt").write_text("what the code reads\n")
    hub.push(folder, "alice/notes", release="1.1.0")
    machine("bob", served.bob)
    found = review("alice/notes@1.1.0")
    assert not found.is_granted
    assert list(found.difference()) == ["notes.txt is new"]
