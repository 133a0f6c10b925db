"""Parses an exposition on stdin by prometheus_client, a program that we did not write, and prints its samples as JSON."""
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

parse = {"text": text, "openmetrics": openmetrics}[sys.argv[1]]
exposition = sys.stdin.buffer.read().decode("utf-8")
samples = []
families = []
for family in parse(exposition):
    families.append({"name": family.name, "type": family.type, "help": family.documentation})
    for sample in family.samples:
        exemplar = sample.exemplar and {"labels": sample.exemplar.labels, "value": sample.exemplar.value}
        samples.append({"name": sample.name, "labels": sample.labels, "value": repr(sample.value), "exemplar": exemplar})
json.dump({"families": families, "samples": samples}, sys.stdout)
