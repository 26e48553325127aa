"""In the shape of joelnet: layers that keep their params and grads by name, a net that goes through them both ways."""
import numpy as np


class Layer:
    def __init__(self):
        self.params = {}
        self.grads = {}


class Linear(Layer):
    def __init__(self, input_size, output_size, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.params["w"] = rng.standard_normal((input_size, output_size))
        self.params["b"] = rng.standard_normal(output_size)

    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.params["w"] + self.params["b"]

    def backward(self, grad):
        self.grads["b"] = np.sum(grad, axis=0)
        self.grads["w"] = self.inputs.T @ grad
        return grad @ self.params["w"].T


class Tanh(Layer):
    def forward(self, inputs):
        self.inputs = inputs
        return np.tanh(inputs)

    def backward(self, grad):
        y = np.tanh(self.inputs)
        return (1 - y**2) * grad


class NeuralNet:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, inputs):
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


class TSE:
    def loss(self, predicted, actual):
        return np.sum((predicted - actual) ** 2)

    def grad(self, predicted, actual):
        return 2 * (predicted - actual)


def train(net, inputs, targets, num_epochs=5000, lr=0.01):
    loss = TSE()
    for epoch in range(num_epochs):
        predicted = net.forward(inputs)
        net.backward(loss.grad(predicted, targets))
        for layer in net.layers:
            for name, param in layer.params.items():
                param -= lr * layer.grads[name]


inputs = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
targets = np.array([[1.0, 0], [0, 1], [0, 1], [1, 0]])
net = NeuralNet([Linear(2, 3, 0), Tanh(), Linear(3, 2, 1)])
tse = TSE()
train(net, inputs, targets, num_epochs=10**9)
