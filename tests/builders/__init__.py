"""Made-up networks, recordings, trainings, results, classes and submissions for all tests.

None of these modules imports TensorFlow or Keras when it is imported itself.
"""
