"""Garments of Fashion-MNIST, classified by dense and by convolutional networks."""
