"""From newspaper text to comparisons that can be defended.

The stages, from the first to the last; imports point only towards the first. A folder is a room:
others use its ``__init__``, the modules beside it are its own.

- ``paths``, ``quantities``, ``evidence``, ``codebook``, ``corpus``: places, numbers as the press
  writes them, anchors in a text, the tables and their dictionary, the articles
- ``extract/``: rules that propose candidates; they never decide
- ``bounds``, ``statements``, ``indicators``, ``gate``, ``scenarios``: numbers with bounds, what is
  said of a place, derived figures, what may be compared, what would change it
- ``audit``, ``agreement``: consistency of the facts; how far two coders agree
- ``desk/``: decisions, their storage, the tables derived from them, review, spreadsheets
- ``report``, ``figures/``, ``profiles``: tables, sentences and figures in two languages, linked
  to their evidence
- ``publish/``, ``batch/``: reports as HTML; the whole collection in one run
- ``synthetic``: invented collections of any size, for notebooks and benchmarks on many articles
"""
