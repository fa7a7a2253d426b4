from __future__ import annotations

import tomllib

from urlcheck.config.lines import HEADER, find_lines

TEXT = '''\
# timeout = 0
timeout = "5s"  # [[target]]
header = [  # [
  "a = b]",
  'method = "HEAD"',
]
"retries" = 1

[[target]]
url = "/"
  name = """
url = "/other"
[[target]] \\""" ]
"""
expect-header = \'\'\'
name = x\'\'\'
[ [target]]
'''.replace("[ [target]]", "[[ target ]]  # the second\nmethod = 'HEAD' # url =\n'url' = \"x\"")

PROJECT = """\
[project]
timeout = 1
[tool.other]
timeout = 2
[ tool . "urlcheck" ]
timeout = 3
[[tool.urlcheck.target]]
url = "x"
[tool.urlcheck.check]
timeout = 4
[other]
url = "y"
"""


def test_a_key_is_found_where_its_table_has_it() -> None:
    tomllib.loads(TEXT)
    run, targets = find_lines(TEXT, "")
    assert run == {"timeout": 2, "header": 3, "retries": 7, "target": 9}
    assert targets == [
        {HEADER: 9, "url": 10, "name": 11, "expect-header": 15},
        {HEADER: 17, "method": 18, "url": 19},
    ]


def test_in_a_project_the_tables_of_others_do_not_count() -> None:
    tomllib.loads(PROJECT)
    run, targets = find_lines(PROJECT, "tool.urlcheck.")
    assert (run, targets) == ({"timeout": 6, "target": 7, "check": 9}, [{HEADER: 7, "url": 8}])


def test_a_table_within_a_target_is_a_key_of_it() -> None:
    assert find_lines('[[target]]\nurl = "x"\n[target.headers]\na = 1\n', "")[1] == [{HEADER: 1, "url": 2, "headers": 3}]


def test_what_is_not_written_a_line_is_not_found() -> None:
    assert find_lines('target = [\n{url = "x"},\n{url = "y"},\n]\na.b = 1\n', "") == ({"target": 1}, [])


def test_a_nested_array_is_no_header() -> None:
    text = 'header = [\n  ["retries"],\n  [[1]], # [\n  {\ta = 1},\n]\ntimeout = 1\n'
    tomllib.loads(text)
    assert find_lines(text, "") == ({"header": 1, "timeout": 6}, [])
