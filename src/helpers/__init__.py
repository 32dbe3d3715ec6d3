"""From newspaper text to comparisons that can be defended.

The stages, from the first to the last; imports point only towards the first:

- ``paths``, ``quantities``, ``evidence``, ``codebook``, ``corpus``: places, numbers as the press
  writes them, anchors in a text, the tables and their dictionary, the articles
- ``extract``: rules that propose candidates; they never decide
- ``bounds``, ``indicators``, ``gate``: numbers with bounds, derived figures, what may be compared
- ``audit``, ``desk``: consistency of the facts; decisions, storage, agreement of coders
- ``report``, ``figures``: tables, sentences and figures in two languages, linked to their evidence
- ``publish``, ``batch``: reports as HTML; the whole collection in one run
"""
