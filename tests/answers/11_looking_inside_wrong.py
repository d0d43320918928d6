# %% head_hits | asks the columns
# style: hasty
# at: asked = wanted.any(dim=1)
# kind: axis
# known: turned round
import torch


def head_hits(weights, wanted):
    asked = wanted.any(dim=1)
    place = weights.argmax(dim=-1, keepdim=True)
    hits = torch.gather(wanted.unsqueeze(1).expand_as(weights), -1, place).squeeze(-1)
    return hits.transpose(0, 1)[:, asked]

# %% head_hits | the largest weight is any above a half
# style: careful beginner
# at: strong = weights > 0.5
# kind: condition, operator, number, missing
import torch


def head_hits(weights, wanted):
    strong = weights > 0.5
    hits = (strong & wanted.unsqueeze(1)).any(dim=-1)
    return hits.transpose(0, 1)[:, wanted.any(dim=-1)]

# %% head_hits | head and text change places in the reshape
# style: Hugging Face
# at: hits = hits.reshape(H, B, T)
# kind: shape, order, axis
import torch


def head_hits(weights, wanted):
    B, H, T, S = weights.shape
    hits = wanted[:, None].expand_as(weights).gather(-1, weights.argmax(-1, keepdim=True))[..., 0]
    hits = hits.reshape(H, B, T)
    return hits[:, wanted.any(-1)]

# %% gate_heads | all hooks see the last layer
# style: hasty
# at: return (output.unflatten(-1, (gates.size(-1), -1)) * gates[..., n, None, :, None]).flatten(-2)
# kind: name, number
# known: one layer's gates for all
import torch


def gate_heads(model, batch, gates):
    hooks = []
    for n, layer in enumerate(model.bert.encoder.layer):
        def hook(module, arguments, output):
            return (output.unflatten(-1, (gates.size(-1), -1)) * gates[..., n, None, :, None]).flatten(-2)
        hooks.append(layer.attention.self.register_forward_hook(hook))
    try:
        return model(**batch)
    finally:
        for each in hooks:
            each.remove()

# %% gate_heads | switched off by a condition
# style: careful beginner
# at: gate = (gates[..., number, :] > 0).float()
# kind: condition, extra, gradient
import torch


def gate_heads(model, batch, gates):
    hooks = []
    for number, layer in enumerate(model.bert.encoder.layer):
        gate = (gates[..., number, :] > 0).float()
        def hook(module, arguments, output, gate=gate):
            heads = output.unflatten(-1, (gate.size(-1), -1))
            return (heads * gate[..., None, :, None]).flatten(-2)
        hooks.append(layer.attention.self.register_forward_hook(hook))
    answer = model(**batch)
    for each in hooks:
        each.remove()
    return answer

# %% gate_heads | the head's columns counted by the number of layers
# style: Hugging Face
# at: heads = output.unflatten(-1, (gates.size(-2), -1))
# kind: axis, number, shape
import torch


def gate_heads(model, batch, gates):
    handles = []
    for i, layer in enumerate(model.bert.encoder.layer):
        def scale(module, args, output, i=i):
            heads = output.unflatten(-1, (gates.size(-2), -1))
            return (heads * gates[..., i, None, :, None]).flatten(-2)
        handles.append(layer.attention.self.register_forward_hook(scale))
    out = model(**batch)
    for handle in handles:
        handle.remove()
    return out

# %% logit_lens | no mask
# style: hasty
# at: x = layer(x)
# kind: argument, missing
# known: rest of the batch left out
import torch


def logit_lens(model, batch, asked):
    x = model.bert.embeddings(batch["input_ids"], batch["token_type_ids"])
    states = [x]
    for layer in model.bert.encoder.layer:
        x = layer(x)
        states.append(x)
    return torch.stack([model.score_words(state[asked]) for state in states])

# %% logit_lens | the last layer is read twice and the embeddings never
# style: careful beginner
# at: states = []
# kind: missing, order, definition
import torch


def logit_lens(model, batch, asked):
    states = []
    hooks = [layer.register_forward_hook(lambda m, a, o: states.append(o)) for layer in model.bert.encoder.layer]
    last, _ = model.bert(**batch)
    for hook in hooks:
        hook.remove()
    return torch.stack([model.score_words(state[asked]) for state in states + [last]])

# %% logit_lens | the words' vectors at once
# style: Hugging Face
# at: return hidden[:, asked] @ table.T
# kind: missing, name, operator
import torch


def logit_lens(model, batch, asked):
    table = model.bert.embeddings.word_embeddings.weight
    found = []
    handles = [part.register_forward_hook(lambda m, a, o: found.append(o))
               for part in [model.bert.embeddings, *model.bert.encoder.layer]]
    model.bert(**batch)
    for handle in handles:
        handle.remove()
    hidden = torch.stack(found)
    return hidden[:, asked] @ table.T
