"""The protocol of KataGo's analysis engine: queries and answers as lines of JSON, for programs that do not speak GTP.

`queries` reads a line, `answers` makes the answer to it, `server` lets several wait and analyses them in batches.
docs/katrain.md says what the fields mean here. Source: KataGo's page *Analysis_Engine.md*.
"""
