"""Check `dvc.lock` and `data.dvc` against the files, the parameters and the declared pipeline."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from harness.audit import cache
from harness.audit.checks import HOLDS, Check, Subject
from harness.pipeline import code_lists
from harness.pipeline.declared import Stage, read_yaml, stages, value_at
from harness.pipeline.hashes import PASSED_OVER, Hashes
from harness.system.files import read_text

SUBJECT = Subject("dvc.lock", "`dvc repro`, or restore the file (`git checkout -- PATH`, `dvc checkout PATH`)")
_REPRO = "`dvc repro` makes the numbers again from the present files; `git checkout -- PATH` restores the old file"


def checks(root: Path, hashes: Hashes, only: set[str] | None = None) -> Iterator[Check]:
    """Check each stage's command and parameters in `dvc.lock`, and each file or folder that a stage read or wrote.

    `only` restricts the checks to the stages with these names. Stages that are no longer declared (see `undeclared`)
    are left out.
    """
    if not (root / "dvc.lock").is_file():
        yield SUBJECT.missing("dvc.lock", "`git checkout -- dvc.lock`, or `dvc repro`")
        return
    params = read_yaml(root / "params.yaml")
    declared, recorded = stages(root, params), read_yaml(root / "dvc.lock")["stages"]
    lock = {name: entry for name, entry in recorded.items() if name in declared}
    for name in sorted(declared):
        if only is not None and name not in only:
            continue
        if name not in lock:
            yield SUBJECT.missing(f"stage {name} has not been run", "`dvc repro`")
        else:
            yield from _stage(declared[name], lock[name], params)
    chosen = {name: entry for name, entry in lock.items() if only is None or name in only}
    yield from _files(root, chosen, lock, hashes)
    yield from _pin(root, lock, hashes)
    yield from _code(root, {dep for name in chosen for dep in declared[name].deps})
    if only is None:
        yield from waiting_splits(root, hashes)
    yield from _passed_over(root)
    recorded = [out for entry in chosen.values() for out in entry.get("outs", ())]
    if only is None and (root / "data.dvc").is_file():
        recorded += read_yaml(root / "data.dvc")["outs"]
    yield from cache.checks(root, recorded, hashes)


def _code(root: Path, deps: Collection[str]) -> Iterator[Check]:
    """Check that the code lists among `deps` name the present code and task files."""
    remedy = "`harness pipeline`, then `dvc repro`; `git checkout -- harness tasks` restores the old files"
    outdated = set(code_lists.outdated(root))
    for path in sorted(dep for dep in deps if dep.split("/")[0] == code_lists.LISTS):
        # The report depends on the folder of all lists.
        other = sorted(one for one in outdated if one == path or one.startswith(f"{path}/"))
        if other:
            source = f"tasks/{other[0].split('/')[2]}.py" if "/tasks/" in other[0] else "harness"
            wanted, found = f"a list that matches the present {source}", f"an outdated list ({other[0]})"
            yield SUBJECT.of(path, source).wrong(path, wanted, found, remedy)
        else:
            yield SUBJECT.holds(path)


def undeclared(root: Path) -> dict[str, Mapping]:
    """The entries of `dvc.lock` for stages that `dvc.yaml` does not have with the present `params.yaml`, by name of the
    stage.

    A run with fewer tasks or families leaves such stages and their outputs in place. A larger run uses them again.
    """
    if not (root / "dvc.lock").is_file():
        return {}
    declared = stages(root, read_yaml(root / "params.yaml"))
    recorded = read_yaml(root / "dvc.lock")["stages"]
    return {name: entry for name, entry in sorted(recorded.items()) if name not in declared}


def waiting(root: Path) -> dict[str, Mapping]:
    """The outputs in `dvc.lock` that are splits of tasks that this run does not declare, by path. An output is an entry
    with path, md5 and size."""
    outs = (out for entry in undeclared(root).values() for out in entry.get("outs", ()))
    return {out["path"]: out for out in outs if out["path"].startswith("reports/splits/")}


def waiting_splits(root: Path, hashes: Hashes) -> Iterator[Check]:
    """Check that the splits of tasks that this run does not declare (see `waiting`) have not changed, because a later
    run starts from them."""
    for path, out in waiting(root).items():
        if (root / path).is_file():
            name = f"{path} (its task is not in this run)"
            yield from _file(root, f"{name} as it was split", out, hashes, "`git checkout -- PATH`")


def _passed_over(root: Path) -> Iterator[Check]:
    """Check that `.dvcignore`, which hides files from every hash, lists what the audit leaves out and nothing else."""
    path = root / ".dvcignore"
    lines = read_text(path).splitlines() if path.is_file() else []
    listed = sorted(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    yield from SUBJECT.values(
        ".dvcignore: what DVC ignores", sorted(PASSED_OVER), listed, "`git checkout -- .dvcignore`"
    )


def _stage(stage: Stage, entry: Mapping, params: Mapping) -> Iterator[Check]:
    declared = SUBJECT.of("dvc.yaml")
    yield declared.same(f"stage {stage.name}: command", stage.cmd, entry.get("cmd"))
    for key in ("deps", "outs"):
        listed = sorted(e["path"] for e in entry.get(key, ()))
        yield from declared.values(f"stage {stage.name}: its {key}", sorted(getattr(stage, key)), listed, "`dvc repro`")
    if stage.passed_over:
        yield declared.wrong(f"stage {stage.name}", "run by `dvc repro`", "frozen", "`git checkout -- dvc.yaml`")
    recorded = entry.get("params", {}).get("params.yaml", {})
    now = {path: value_at(params, path) for path in stage.params}
    yield from SUBJECT.of("params.yaml").values(
        f"params.yaml as stage {stage.name} was run with", recorded, now, _REPRO.replace("PATH", "params.yaml")
    )


def _files(root: Path, chosen: Mapping, lock: Mapping, hashes: Hashes) -> Iterator[Check]:
    """Check outputs against the files, and inputs against the stage that made them or, without one, the files."""
    made = {out["path"]: out for entry in lock.values() for out in entry.get("outs", ())}
    changed = set()
    for name, entry in chosen.items():
        for out in entry.get("outs", ()):
            for check in _file(root, f"{out['path']} as stage {name} wrote it", out, hashes, SUBJECT.remedy):
                changed |= set() if check.state == HOLDS else {out["path"]}
                yield check
    read = defaultdict(list)
    for name, entry in chosen.items():
        for dep in entry.get("deps", ()):
            if dep["path"] in made:
                if _recorded(dep) != _recorded(made[dep["path"]]):
                    yield SUBJECT.of("dvc.lock").wrong(
                        f"{dep['path']} as stage {name} read it", made[dep["path"]]["md5"], dep["md5"], "`dvc repro`"
                    )
            else:
                read[dep["path"], tuple(sorted(_recorded(dep).items()))].append(name)
    for (path, recorded), readers in read.items():
        # A folder with outputs of several stages, one of which is already a finding.
        if any(out.startswith(f"{path}/") for out in changed):
            continue
        more = f" and {len(readers) - 1} more" if len(readers) > 1 else ""
        yield from _file(
            root, f"{path} as stage {readers[0]}{more} read it", {"path": path, **dict(recorded)}, hashes, _REPRO
        )


def _file(root: Path, name: str, entry: Mapping, hashes: Hashes, remedy: str) -> Iterator[Check]:
    path = root / entry["path"]
    found, recorded = hashes.dvc(path), _recorded(entry)
    if found is None:
        subject = SUBJECT.of(entry["path"])
        yield subject.missing(name, f"`dvc repro`, or `dvc checkout {entry['path']}` if DVC's cache has it")
    elif recorded != found:
        changed = hashes.changed_files(root, path, entry["md5"]) if path.is_dir() else []
        where = f"{name}: {', '.join(changed[:3])}" if changed else name
        about = [f"{entry['path']}/{file}" for file in changed] or [entry["path"]]
        yield SUBJECT.of(*about).wrong(where, _text(recorded), _text(found), remedy.replace("PATH", entry["path"]))
    else:
        yield SUBJECT.holds(name)


def _recorded(entry: Mapping) -> dict:
    return {key: entry[key] for key in ("md5", "size", "nfiles") if key in entry}


def _text(entry: Mapping) -> str:
    md5, suffix = entry["md5"].split(".")[0], f", {entry['nfiles']} files" if "nfiles" in entry else ""
    return f"md5 {md5[:12]}…, {entry.get('size', '?')} bytes{suffix}"


def _pin(root: Path, lock: Mapping, hashes: Hashes) -> Iterator[Check]:
    """Check `data.dvc`: its hash of `data/`, and its record of the source of these data."""
    if not (root / "data.dvc").is_file():
        yield SUBJECT.missing("data.dvc, which pins data/", "`git checkout -- data.dvc`")
        return
    pin = read_yaml(root / "data.dvc")
    if "md5" in pin:
        # DVC's hash over the content of the pin, as dvc.stage.utils.compute_md5 makes it.
        body = {
            key: [{k: v for k, v in entry.items() if k not in ("size", "nfiles")} for entry in pin.get(key, ())]
            for key in ("deps", "outs")
        }
        seal = hashlib.md5(json.dumps(body, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        yield SUBJECT.same("data.dvc: its own md5", seal, pin["md5"])
    for out in pin["outs"]:
        if "md5" not in out:
            yield SUBJECT.missing("data.dvc pins no hash", "`dvc repro`")
            return
        yield from _file(root, f"{out['path']}/ as data.dvc pins it", out, hashes, SUBJECT.remedy)
    made = {out["path"]: out for out in lock.get("generate", {}).get("outs", ())}
    generated = pin["outs"][0]["md5"] in {out["md5"] for out in made.values()}
    # `dvc repro` never makes frozen data again. It would replace a site's own data that are not frozen.
    frozen, remedy = bool(pin.get("frozen")), "`dvc unfreeze data.dvc`" if generated else "`dvc freeze data.dvc`"
    yield SUBJECT.same(
        "data.dvc: frozen, if and only if the data are not the generated ones", not generated, frozen, remedy
    )
    for dep in pin.get("deps", ()):
        if dep["path"] in made:
            name = f"{dep['path']} as data.dvc took it from stage generate"
            yield from SUBJECT.values(name, _recorded(made[dep["path"]]), _recorded(dep))
        if "md5" in dep:
            yield SUBJECT.same("data.dvc: it pins the files that it was made from", dep["md5"], pin["outs"][0]["md5"])
