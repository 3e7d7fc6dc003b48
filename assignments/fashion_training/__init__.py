"""Learning rates, training-set sizes, augmentation and transfer, studied on Fashion-MNIST."""
