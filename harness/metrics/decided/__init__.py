"""The input of metrics: gold answers and predictions, in the three forms that metrics count.

The forms are rows with one label each (`rows`), rows with any number of labels (`sets`), and labelled spans of texts
(`spans`).
"""
