# SPDX-License-Identifier: Apache-2.0
"""libchancery as programs have it: installed, compiled against, and called from Python as C would."""
import ctypes
import glob
import os
import subprocess

from authority import BUILD
from build_kind import remembered


def install(folder):
    """As docs/install.md does it; the folder where pkg-config looks."""
    subprocess.run(["cmake", "--install", BUILD, "--component", "libchancery", "--prefix", folder], check=True, capture_output=True, timeout=120)
    found, = glob.glob(f"{folder}/lib*/**/chancery.pc", recursive=True)
    return os.path.dirname(found)


def pkg_config(folder, *arguments):
    return subprocess.run(["pkg-config", *arguments, "chancery"], check=True, capture_output=True, text=True,
                          env={**os.environ, "PKG_CONFIG_PATH": folder}).stdout.split()


def compile_program(folder, source, target, *flags, language="c"):
    """With the compiler that built the library, and with its sanitizers, which a program must bring."""
    compiler = remembered(r"^CMAKE_C_COMPILER:\w+=(.+)$")
    if language == "c++":
        compiler = compiler.replace("clang", "clang++") if "clang" in compiler else "g++"
    sanitizers = remembered(r"^CHANCERY_SANITIZE:\w+=(.*)$")
    flags = [*flags, f"-fsanitize={sanitizers}"] if sanitizers else flags
    done = subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-pedantic", *flags, "-x", language, source, "-x", "none",
                           *pkg_config(folder, "--cflags", "--libs"), "-o", target],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def environment(folder):
    return {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(folder)}


class Failed(Exception):
    """An error of the library, as a value."""

    def __init__(self, library, error):
        self.code = library.int("chancery_error_code", error)
        self.reason = library.text("chancery_error_reason", error)
        self.may_be_done = bool(library.int("chancery_error_may_be_done", error))
        self.is_away = bool(library.int("chancery_error_is_away", error))
        self.request_id = library.text("chancery_error_request_id", error)
        keys = [library.text("chancery_error_metadata_key", error, ctypes.c_size_t(i))
                for i in range(library.size("chancery_error_metadata_count", error))]
        self.metadata = {key: library.text("chancery_error_metadata", error, key.encode()) for key in keys}
        self.fields = [library.text("chancery_error_field_path", error, ctypes.c_size_t(i))
                       for i in range(library.size("chancery_error_field_count", error))]
        super().__init__(f"{self.reason} {library.text('chancery_error_sentence', error)} "
                         f"{library.text('chancery_error_detail', error)}")
        library.call("chancery_error_free", error)


class Library:
    """Functions by their names; what can fail raises Failed."""

    def __init__(self, path):
        self.shared = ctypes.CDLL(path)

    def call(self, name, *arguments, result=ctypes.c_void_p):
        function = self.shared[name]  # a new object each time: threads set nothing of each other's
        function.restype = result
        return function(*[ctypes.c_void_p(value) if isinstance(value, int) else value for value in arguments])

    def int(self, name, *arguments):
        return self.call(name, *arguments, result=ctypes.c_int)

    def size(self, name, *arguments):
        return self.call(name, *arguments, result=ctypes.c_size_t)

    def text(self, name, *arguments):
        found = self.call(name, *arguments, result=ctypes.c_char_p)
        return None if found is None else found.decode()

    def must(self, name, *arguments):
        """A function that returns an error."""
        error = self.call(name, *arguments)
        if error:
            raise Failed(self, error)

    def make(self, name, *arguments):
        """The same with an object as its last parameter."""
        out = ctypes.c_void_p()
        self.must(name, *arguments, ctypes.byref(out))
        return out.value

    def bytes_of(self, name, *arguments):
        """What a function lends by pointer and size."""
        size = ctypes.c_size_t()
        found = self.call(name, *arguments, ctypes.byref(size))
        return ctypes.string_at(found, size.value) if found else None

    def taken(self, buffer):
        """The bytes of a buffer, which is freed."""
        data = ctypes.string_at(self.call("chancery_buffer_data", buffer), self.size("chancery_buffer_size", buffer))
        self.call("chancery_buffer_free", buffer)
        return data

    def session(self, server, **options):
        made = self.call("chancery_options_new")
        self.call("chancery_options_set_server", made, server.encode())
        for name, value in options.items():
            values = value if isinstance(value, tuple) else (value,)
            self.call(f"chancery_options_set_{name}", made,
                      *[ctypes.c_int64(v) if isinstance(v, int) else v.encode() for v in values])
        try:
            return self.make("chancery_session_open", made)
        finally:
            self.call("chancery_options_free", made)
