"""Build the public matching-engine harness, CppTrader behind it, and our shim.

    python -m benchmarks.harness.build [--sources DIR] [--into DIR]

Sources come from GitHub by git; with `--sources` (or TWINEX_HARNESS_SOURCES) from clones in a
folder, bare or not, named after the repository. Everything built lies in `--into`
(TWINEX_HARNESS, else ~/.cache/twinex-harness), nothing in the checkout. CppTrader is built as its
adapter's own build.sh says. Needs git, a C++20 compiler (GCC 14 or Clang 16 and later: the
harness's rule; CXX names it), Boost's and fmt's headers (Debian: libboost-dev, libfmt-dev), and a
Python with a shared library.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ("static", "normal", "swing-25", "swing-40", "flash-crash")


class BuildError(Exception):
    """Something that the build needs is not there, or does not compile; the text says what."""


@dataclass(frozen=True)
class Source:
    """A repository, the commit that figures are compared at, and what is needed of it."""

    owner: str
    name: str
    commit: str
    paths: tuple[str, ...]


HARNESS = Source(
    "flash1-dev",
    "matching-engine-benchmark",
    "41656c8",
    (
        "api",
        "src",
        "workload",
        "third_party",
        "scripts",
        "additional_references",
        "reference/correctness_hash.txt",
    ),
)
# The commits that the harness's CppTrader adapter names; the newest one where those are gone.
CPPTRADER = Source(
    "chronoxor",
    "CppTrader",
    "831d10e2a6dd96ac7b063f1d418f6563cbf74c50",
    ("include", "source/trader/matching"),
)
CPPCOMMON = Source(
    "chronoxor", "CppCommon", "e14011974b8d463cc854239bf351275b5a857de6", ("include",)
)


def default_folder() -> Path:
    """Where everything is built."""
    named = os.environ.get("TWINEX_HARNESS")
    return Path(named) if named else Path.home() / ".cache" / "twinex-harness"


def default_sources() -> Path | None:
    """The folder of clones, if one is named."""
    named = os.environ.get("TWINEX_HARNESS_SOURCES")
    return Path(named) if named else None


def _run(command: list[str], folder: Path | None = None) -> bytes:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise BuildError(f"{' '.join(command)}\n{said[-2000:]}")
    return done.stdout


def _clone(source: Source, sources: Path | None, folder: Path) -> Path:
    """The git folder of a source: one of `sources`, or a clone made here."""
    if sources is not None:
        for name in (source.name, f"{source.name}.git"):
            if (sources / name).is_dir():
                return sources / name
        raise BuildError(f"{sources} has no clone {source.name} or {source.name}.git")
    clone = folder / "clones" / f"{source.name}.git"
    if not clone.is_dir():
        clone.parent.mkdir(parents=True, exist_ok=True)
        url = f"https://github.com/{source.owner}/{source.name}.git"
        _run(["git", "clone", "--quiet", "--bare", url, str(clone)])
    return clone


def _unpack(source: Source, sources: Path | None, folder: Path) -> tuple[Path, str]:
    """The files needed of a source, in a folder of their own, and the commit they are of."""
    clone = _clone(source, sources, folder)
    git = ["git", "-C", str(clone)]
    try:
        commit = _run([*git, "rev-parse", "--verify", f"{source.commit}^{{commit}}"])
    except BuildError:
        commit = _run([*git, "rev-parse", "HEAD"])
    name = commit.decode().strip()
    place = folder / source.name
    packed = _run([*git, "archive", name, *source.paths])
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(place, filter="data")
    return place, name


def _compiler(wanted: tuple[str, ...], variable: str) -> str:
    named = os.environ.get(variable)
    for name in (named, *wanted):
        if name and shutil.which(name):
            return name
    raise BuildError(
        f"no compiler: none of {', '.join(wanted)} is installed (or name it {variable})"
    )


def cxx() -> str:
    """The C++ compiler of the harness."""
    return _compiler(("clang++", "clang++-19", "clang++-16", "g++-14", "g++"), "CXX")


def cc() -> str:
    """The C compiler of the shim."""
    return _compiler(("clang", "clang-19", "clang-16", "gcc"), "CC")


def _build_harness(place: Path) -> None:
    """The harness and its workload generator, with the flags of its CMakeLists.txt."""
    parts = ("harness", "transport", "correctness", "platform", "audit")
    digest = place / "sha256.o"
    _run([cc(), "-O3", "-c", "third_party/sha256.c", "-o", str(digest)], place)
    flags = ["-std=c++20", "-O3", "-Iapi", "-Ithird_party"]
    sources = [f"src/{part}.cpp" for part in parts]
    _run([cxx(), *flags, *sources, str(digest), "-o", "harness", "-pthread", "-ldl"], place)
    _run([cxx(), *flags, "workload/generator.cpp", "-o", "generator"], place)


def _build_cpptrader(place: Path, trader: Path, common: Path) -> None:
    """CppTrader's adapter, with the command of its build.sh."""
    matching = trader / "source" / "trader" / "matching"
    adapter = "additional_references/cpptrader_adapter/cpptrader_adapter.cpp"
    sources = [str(matching / f"{part}.cpp") for part in ("market_manager", "order", "order_book")]
    includes = ["-Iapi", f"-I{trader / 'include'}", f"-I{common / 'include'}"]
    flags = ["-std=c++20", "-O3", "-march=native", "-fPIC", "-shared", "-DFMT_HEADER_ONLY"]
    compiler = _compiler(("g++", "clang++", "clang++-16"), "CXX")
    _run([compiler, *flags, *includes, "-o", "cpptrader_adapter.so", adapter, *sources], place)


def shared_python() -> Path:
    """The shared library of this Python."""
    names = sysconfig.get_config_vars("LIBDIR", "INSTSONAME")
    library = Path(*names)
    if not sysconfig.get_config_var("Py_ENABLE_SHARED") or not library.is_file():
        raise BuildError(
            f"{sys.executable} has no shared library, which an engine in C needs to start it: use "
            "one built with --enable-shared (Debian: libpython3-dev)"
        )
    return library


def build_shim(place: Path) -> Path:
    """Our engine: the C shim, with the paths of this Python and this checkout in it."""
    library = shared_python()
    defines = {"ROOT": str(ROOT), "PYTHON": sys.executable, "LIBPYTHON": str(library)}
    flags = [f'-D{name}="{value}"' for name, value in defines.items()]
    flags += ["-O2", "-fPIC", "-shared", "-Wall", "-Wno-unused-parameter"]
    flags += ["-I" + str(place / "api"), "-I" + sysconfig.get_path("include")]
    made = place / "twinex_adapter.so"
    links = [str(library), f"-Wl,-rpath,{library.parent}", "-ldl"]
    _run([cc(), *flags, str(ROOT / "benchmarks/harness/shim.c"), "-o", str(made), *links])
    return made


def _warm() -> float:
    """Compile the matcher's functions into the cache; seconds."""
    started = time.monotonic()
    path = os.pathsep.join((str(ROOT), str(ROOT / "src")))
    code = "import benchmarks.harness.engine"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    if done.returncode != 0:
        raise BuildError("the matcher does not compile: see above")
    return time.monotonic() - started


@dataclass(frozen=True)
class Built:
    """What a build gives: the harness's folder, and the commits of its sources."""

    folder: Path
    commits: dict[str, str]
    compiled_s: float


def build(sources: Path | None = None, into: Path | None = None) -> Built:
    """Build all of it. Raises `BuildError`."""
    folder = into or default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    sources = sources or default_sources()
    unpacked = {
        each.name: _unpack(each, sources, folder) for each in (HARNESS, CPPTRADER, CPPCOMMON)
    }
    place, trader, common = (unpacked[each.name][0] for each in (HARNESS, CPPTRADER, CPPCOMMON))
    if not (place / "harness").exists() or not (place / "generator").exists():
        _build_harness(place)
    if not (place / "cpptrader_adapter.so").exists():
        _build_cpptrader(place, trader, common)
    build_shim(place)
    seconds = _warm()
    return Built(place, {name: commit for name, (_, commit) in unpacked.items()}, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sources", type=Path, help="folder with clones of the repositories")
    parser.add_argument("--into", type=Path, help="folder to build in")
    options = parser.parse_args()
    try:
        built = build(options.sources, options.into)
    except BuildError as error:
        sys.exit(f"benchmarks.harness.build: {error}")
    for name, commit in built.commits.items():
        print(f"{name} {commit[:12]}")
    print(f"matcher compiled or loaded in {built.compiled_s:.1f} s; harness in {built.folder}")


if __name__ == "__main__":
    main()
