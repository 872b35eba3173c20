"""The protocols that train and test all systems alike, behind `enunciate benchmark`.

The folder `benchmarks` of the repository is something else: its scripts measure speed and single experiments.
"""
