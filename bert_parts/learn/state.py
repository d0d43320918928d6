"""A learner's code is tried, and the session that it is tried in stays as it was."""

import builtins
import functools
import math
import operator
import os
import random
import sys
import types
import warnings
from collections.abc import Callable
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


def set_device(device: torch.device):
    torch.set_default_device(None if device.type == "cpu" else device)     # None costs nothing; "cpu" slows every call


def set_autocast(state: tuple[bool, torch.dtype]):
    torch.set_autocast_enabled("cpu", state[0])
    torch.set_autocast_dtype("cpu", state[1])


def folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:     # it was deleted
        return None


def set_folder(path: str | None):
    if path is not None:
        os.chdir(path)


SETTINGS: tuple[tuple[Callable, Callable], ...] = (     # how each is read, and how it is set
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, set_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (lambda: (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")), set_autocast),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.get_num_threads, torch.set_num_threads),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (folder, set_folder),
)


@contextmanager
def settings_kept():
    """What the block sets (number types, gradients, threads, warnings, the folder) or patches is put back after it."""
    settings = [(read, put, read()) for read, put in SETTINGS]
    spaces = namespaces()
    contents = [vars(space).copy() for space in spaces]
    try:
        with warnings.catch_warnings():
            yield
    finally:
        if not same(contents, spaces):
            for space, before in zip(spaces, contents, strict=True):
                put_back(space, before)
        for read, put, before in settings:
            if read() != before:
                put(before)


@contextmanager
def chance_kept():
    """The random numbers after the block are those that would have come without it."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    ours, numpys = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)


@contextmanager
def usual_settings():
    """Within the block torch is as it is when a notebook begins, whatever was set since. What is compiled runs as written."""
    compiles = "torch._dynamo" in sys.modules
    with settings_kept(), torch.inference_mode(False), torch.compiler.set_stance("force_eager") if compiles else nullcontext():
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
        torch.set_autocast_enabled("cpu", False)
        yield


@functools.cache
def namespaces() -> list[types.ModuleType | type]:
    """The modules and classes that a learner's code may reach and patch: of Python, of torch, and the course's parts."""
    parts = [module for name, module in sys.modules.items()
             if name.startswith("bert_parts") and not name.startswith("bert_parts.learn")]
    classes = {value for module in (nn, *parts) for value in vars(module).values()
               if isinstance(value, type) and value.__module__.startswith(("bert_parts.", "torch.nn."))}
    return [builtins, math, random, torch, nn, nn.init, F, *parts, Tensor, *classes]


def same(contents: list[dict], spaces: list[types.ModuleType | type]) -> bool:
    """Whether spaces hold what they held: asked after each answer, so without a loop in Python."""
    try:
        return all(map(operator.eq, map(vars, spaces), contents))     # what is the same thing is not compared further
    except Exception:     # of things that cannot be compared, one is new
        return False


def put_back(space: types.ModuleType | type, before: dict):
    """Set what was changed to what it was. What is new goes from a class, where it would hide what is inherited."""
    now, is_class = vars(space), isinstance(space, type)
    changed = [name for name, value in before.items() if now.get(name, before) is not value]
    for name in changed:
        if is_class or not name.startswith("_"):     # a module's private names are its own affair
            setattr(space, name, before[name])
    for name in now.keys() - before.keys() if is_class else ():
        if callable(now[name]):
            delattr(space, name)
