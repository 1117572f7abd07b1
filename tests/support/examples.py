"""The Python blocks of a Markdown file, run as doctests that share their names from block to block."""

import doctest
import re
from pathlib import Path


def run_examples(path: Path) -> doctest.TestResults:
    """Run every ```python block and print what differs; raises ValueError for a block without an example."""
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    text, names = path.read_text(encoding="utf-8"), dict[str, object]()
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, block.start(1))
        test = parser.get_doctest(block[1], names, path.name, str(path), line)
        if not test.examples:
            raise ValueError(f"{path}:{line}: a block of Python that shows no example")
        runner.run(test, clear_globs=False)
        names = test.globs
    return runner.summarize(verbose=False)
