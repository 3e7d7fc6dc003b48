"""Reference solutions: networks, experiments, answers and data sets, one module an assignment."""
