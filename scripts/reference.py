"""Write the reference pages from the code, so that they cannot be out of date.

python scripts/reference.py docs/reference
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
_ENTRY = re.compile(r"^([\w.* ,]+): (.*)$")


def api_page() -> str:
    """Every name that ``junco`` gives, with its signature and docstring, and what flows (``junco.types``)."""
    import junco
    import junco.types

    parts = ["# Python", "What `import junco` gives. Nothing heavy is imported before it is used."]
    parts += [
        _entry(f"junco.{name}", getattr(junco, name)) for name in junco.__all__ if not name.endswith(("Error", "__"))
    ]
    parts += ["# What flows: `junco.types`", markdown(inspect.getdoc(junco.types) or "")]
    parts += [_entry(f"junco.types.{name}", getattr(junco.types, name)) for name in junco.types.__all__]
    return "\n\n".join(parts)


def yaml_page() -> str:
    """The keys of a pipeline file, the verbs and what each takes."""
    from junco.graph import yaml_head, yaml_reader
    from junco.graph.nodes import VERBS
    from junco.graph.pipe import Pipe

    parts = [
        "# YAML",
        f"A pipeline file begins with `junco: {yaml_reader.VERSION}`; [Write a pipeline](../how-to/pipeline.md) shows "
        f"one. Its keys: {_listing(yaml_head.KEYS)}. `space` names the "
        "[space](../concepts/spaces.md) of the vectors, where junco cannot identify a step that made them; "
        "`main` names the step whose parameters are the pipeline's too.",
        "A step names one verb with its operator (or a pipeline in the same format, without `junco`), `in` and `out` "
        "(a column or a list of columns), and what the verb asks for besides. Any step may also have `with` (the "
        "operator's parameters; `${name}` stands for a parameter of the file; a text that begins with `./` or `../` is "
        "a path from its folder), `name`, `after` (the step that it follows, if not the one before), `workers` and "
        "`backend`.",
        "Tags, anchors, aliases, unknown keys and keys that stand twice are refused, with file, line and column.",
    ]
    for verb in VERBS:
        method = getattr(Pipe, verb)
        own = "".join(f", {key}: …" for key in yaml_reader._ARGUMENTS.get(verb, ()))
        step = f"- {{{verb}: OPERATOR, in: …, out: …{own}}}" if verb != "concat" else "- {concat: [STEP, STEP]}"
        parts += [
            f"## `{verb}`",
            code_block(step),
            "By code:",
            code_block(f"{verb}{signature_of(method)}"),
            _doc(method),
        ]
    return "\n\n".join(parts)


def cli_page() -> str:
    """Every command's own help."""
    from click.testing import CliRunner

    from junco.cli.main import app

    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    parts = ["# Command line", code_block(_help(runner, app, []), "text")]
    for words in _commands(app):
        mark = "#" * min(len(words) + 1, 4)
        parts += [f"{mark} `junco {' '.join(words)}`", code_block(_help(runner, app, words), "text")]
    return "\n\n".join(parts)


def _commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The words of each command, a group's before those of what is in it."""
    import click

    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield [*above, name]
        if isinstance(command, click.Group):
            yield from _commands(command, (*above, name))


def catalog_page() -> str:
    """All families, operators and pipelines that are installed with junco."""
    from junco.operator import registry

    parts = ["# Families, operators, pipelines", "What ships with junco. `junco show NAME` says more of each."]
    for kind in ("operator", "pipeline"):
        rows = [
            (f"`{f.name}`", f"`{f.ports}`".replace("|", "\\|"), f"`{f.default}`", f.description)
            for f in sorted(registry.families(kind).values(), key=lambda family: family.name)
        ]
        parts += [f"## Families of {kind}s", table(("family", "interface", "default member", "what it does"), rows)]
    parts.append("## Operators")
    for name, brought in sorted(registry.installed().items()):
        if any(entry.value.startswith("junco.") for entry in brought):
            operator = registry.load(name)
            signature = inspect.Signature(list(operator.parameters().values()))
            parts += [f"### `{name}`", code_block(f"{name}{signature}".replace("'", ""))]
            parts.append(markdown(inspect.getdoc(operator) or ""))
    parts += ["## Pipelines", table(("pipeline", "family", "what it does"), _pipelines())]
    return "\n\n".join(parts)


def errors_page() -> str:
    """The tree of errors and what each says."""
    from junco import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, (errors.JuncoError, Warning))]
    parts = ["# Errors", markdown(inspect.getdoc(errors) or "")]
    parts += [f"## `{c.__name__}`\n\n{markdown(inspect.getdoc(c) or '')}" for c in classes]
    return "\n\n".join(parts)


def _pipelines() -> Iterator[tuple[str, str, str]]:
    import yaml

    from junco.builtin import pipelines

    for path in sorted(Path(str(pipelines.__path__[0])).glob("*.yaml")):
        definition = yaml.safe_load(path.read_text("utf-8"))
        description = " ".join(str(definition.get("description", "")).split())
        yield f"`{definition['name']}`", f"`{definition.get('family', '')}`", description


def _entry(name: str, thing: Any) -> str:
    if inspect.isclass(thing):
        return _class_entry(name, thing)
    if callable(thing) and (inspect.isfunction(thing) or inspect.isbuiltin(thing)):
        return "\n\n".join([f"## `{name}`", code_block(f"{name.rpartition('.')[2]}{signature_of(thing)}"), _doc(thing)])
    described = inspect.getdoc(thing) if inspect.ismodule(thing) else inspect.getdoc(type(thing))
    if (metadata := getattr(thing, "__metadata__", None)) is not None:
        described = f"`{metadata[0]}`"
    return f"## `{name}`\n\n{markdown(described or str(thing))}"


def _class_entry(name: str, cls: type) -> str:
    parts = [f"## `{name}`", code_block(f"class {cls.__name__}{signature_of(cls)}"), _doc(cls)]
    for member_name, member in _members(cls).items():
        if member_name.startswith("_") or not inspect.getdoc(member):
            continue
        function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
        if inspect.isfunction(function):
            parts += [
                f"### `{cls.__name__}.{member_name}`",
                code_block(f"{member_name}{signature_of(function)}"),
                _doc(function),
            ]
        elif isinstance(member, property):
            parts += [f"### `{cls.__name__}.{member_name}`", _doc(member)]
    return "\n\n".join(parts)


def _members(cls: type) -> dict[str, Any]:
    """Its own, then those that it has of classes of junco that are no names of the façade themselves."""
    import junco

    bases = [
        base for base in cls.__mro__[1:] if base.__module__.startswith("junco.") and base.__name__ not in junco.__all__
    ]
    found = dict(vars(cls))
    for base in bases:
        found = {**found, **{name: member for name, member in vars(base).items() if name not in found}}
    return found


def _doc(thing: object) -> str:
    return markdown(inspect.getdoc(thing) or "")


def signature_of(thing: Callable[..., Any]) -> str:
    """Its parameters and what it returns, as they are written."""
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return "(…)"
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    return str(signature.replace(parameters=parameters)).replace("'", "")


def _help(runner: Any, app: Any, arguments: list[str]) -> str:
    text = runner.invoke(app, [*arguments, "--help"], prog_name="junco").output
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def code_block(text: str, language: str = "text") -> str:
    """Text that stands as it is."""
    return f"```{language}\n{text}\n```"


def _listing(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table with a line for each row."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ("---",) * len(head), *rows])


def markdown(docstring: str) -> str:
    """A docstring as Markdown: literals, ``::`` blocks and the sections of Google's style."""
    lines, out = docstring.splitlines(), []
    in_section = in_block = False
    for number, line in enumerate(lines):
        if in_block and line and not line.startswith("    "):
            out.append("```\n")
            in_block = False
        if in_block:
            out.append(line[4:])
        elif line.rstrip().endswith("::"):
            out += [line.rstrip()[:-1].removesuffix(":") + (":" if line.strip() != "::" else ""), "", "```text"]
            in_block = True
        elif section := _SECTION.match(line):
            out += ["", f"**{section.group(1)}**", ""]
            in_section = True
        elif in_section and line.startswith("    "):
            out.append(_section_line(line, lines[number - 1]))
        else:
            in_section = in_section and not line
            out.append(line.replace("``", "`"))
    return "\n".join([*out, "```"] if in_block else out)


def _section_line(line: str, before: str) -> str:
    text = line[4:].replace("``", "`")
    if text.startswith(" ") and not before.endswith(":"):
        return f"  {text.strip()}"
    entry = _ENTRY.match(text)
    return f"- `{entry.group(1)}`: {entry.group(2)}" if entry else f"- {text}"


def main() -> None:
    """Write all pages into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"api": api_page, "yaml": yaml_page, "cli": cli_page, "catalog": catalog_page, "errors": errors_page}
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page().rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
