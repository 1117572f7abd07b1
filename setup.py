"""The C extension; everything else about the package is in pyproject.toml.

SHICHO_SANITIZE=1 builds it with AddressSanitizer and UBSan and with its assertions on.
"""

import os

import numpy
from setuptools import Extension, setup

MODULES = ("board", "ladder", "area", "features", "replay", "module")

if os.environ.get("SHICHO_SANITIZE"):
    flags = ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-UNDEBUG"]
    link = ["-fsanitize=address,undefined"]
else:
    flags, link = ["-O3", "-DNDEBUG"], []

setup(
    ext_modules=[
        Extension(
            "shicho.engine._core",
            sources=[f"engine/csrc/{name}.c" for name in MODULES],
            depends=[f"engine/csrc/{name}.h" for name in MODULES if name != "module"],
            include_dirs=[numpy.get_include()],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
            extra_compile_args=["-std=c11", "-Wall", "-Wextra", *flags],
            extra_link_args=link,
        )
    ]
)
