"""What the figures hang on: the machine, how many threads there are, and the versions of all that takes part."""

import os
import platform
import re
import subprocess
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")     # RAYON: Rust's tokenizers
# Whoever sets these chooses other code for the same processor.
CHOOSING = ("ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_CORETYPE", "OMP_WAIT_POLICY",
            "OMP_PROC_BIND", "KMP_AFFINITY", "KMP_BLOCKTIME", "GOMP_SPINCOUNT", "LD_PRELOAD", "MALLOC_CONF")
VECTORS = ("avx", "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16",
           "asimd", "asimddp", "sve", "sve2", "bf16", "i8mm")
PACKAGES = ("torch", "transformers", "tokenizers", "sentence-transformers", "onnx", "onnxruntime", "openvino", "nncf", "numpy")


def environment(threads: int) -> dict[str, str]:
    """What is set for every process that measures: as many threads for all, and no network."""
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error",
             "CI": "true"}     # where OpenVINO and nncf send no word of what they are used for
    return dict.fromkeys(COUNTS, str(threads)) | quiet


def facts(threads: int) -> dict[str, str]:
    """The machine in words, by what they are about."""
    return {
        "processor": f"{processor()}, {usable_cores()} cores",
        "vector instructions": ", ".join(vector_instructions()) or "not known",
        "torch takes": torch.backends.cpu.get_cpu_capability(),
        "threads": f"{threads} for each contender",
        "set outside": ", ".join(f"{name}={os.environ[name]}" for name in CHOOSING if name in os.environ) or "nothing",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {installed(name)}" for name in PACKAGES),
        "course": f"{commit()}, {date.today().isoformat()}",
        "torch's config": torch.__config__.show().strip(),
    }


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def load() -> str:
    """How many processes want a core, on average over the last minute: without others about 0 before a run."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "not known"


def processor() -> str:
    if sys.platform == "darwin":
        return _said_by("sysctl", "-n", "machdep.cpu.brand_string")
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def vector_instructions() -> list[str]:
    """Those of VECTORS that the processor says it has. (Only Linux tells.)"""
    there = (_cpuinfo("flags") or _cpuinfo("Features")).split()
    return [name for name in VECTORS if name in there]


def _cpuinfo(field: str) -> str:
    path = Path("/proc/cpuinfo")
    found = re.search(rf"^{field}\s*: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE) if path.exists() else None
    return found[1].strip() if found else ""


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def commit() -> str:
    """Which state of the course was measured, if this is a clone."""
    changed = _said_by("git", "status", "--porcelain", "--untracked-files=no")
    return (_said_by("git", "rev-parse", "--short", "HEAD") or "not known") + (" with changes" if changed else "")


def _said_by(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8").stdout.strip()
    except OSError:
        return ""
