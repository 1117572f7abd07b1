"""The C extension; everything else about the package is in pyproject.toml.

SHICHO_SANITIZE=1 builds it with AddressSanitizer and UBSan and with its assertions on.
"""

import os
from pathlib import Path

import numpy
from setuptools import Extension, setup

SOURCES = Path("engine/csrc")

if os.environ.get("SHICHO_SANITIZE"):
    flags = ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-UNDEBUG"]
    link = ["-fsanitize=address,undefined"]
else:
    flags, link = ["-O3", "-DNDEBUG"], []

setup(
    ext_modules=[
        Extension(
            "shicho.engine._core",
            sources=sorted(map(str, SOURCES.rglob("*.c"))),
            depends=sorted(map(str, SOURCES.rglob("*.h"))),
            include_dirs=[numpy.get_include()],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
            extra_compile_args=["-std=c11", "-Wall", "-Wextra", "-fvisibility=hidden", *flags],
            extra_link_args=link,
        )
    ]
)
