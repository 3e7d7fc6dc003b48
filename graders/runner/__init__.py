"""The untrusted side: execute a submission's cells and write down what they did.

Nothing on the trusted side imports this package; `graders.sandbox` starts it in a process of its
own. It knows the course's data sets, and neither checks nor answers.
"""
