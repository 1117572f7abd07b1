"""The command lines `shicho` and `play-vs-gnugo`: matches, benchmarks, pictures and sub-commands."""
